"""step request: what is to be signed, by whom, as JSON next to the bytes."""

import argparse
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import InputError, UsageError
from software_update.cli.options import requests
from software_update.cli.options.arguments import (
    Parser,
    add_output,
    add_strict_pigweed,
    check_apart,
    files_of,
    report_pigweed,
)
from software_update.cli.options.schemes import schemes_of
from software_update.format import limits, metadata
from software_update.format.names import USER_MANIFEST
from software_update.format.release_manifest import ReleaseManifest, parse_release
from software_update.format.verdicts import Refused
from software_update.signing import signing_request
from software_update.signing.signing_request import Request
from software_update.verify.pigweed_roots import RootFile, move_problems
from software_update.verify.trust_files import parse_root, read_root_file


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "step request",
        "Writes the JSON of a signing request, which describes the bytes to sign and "
        "lists the keys that may sign.",
    )
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--metadata", metavar="FILE", help="the bytes to sign")
    group.add_argument("--signed-root", metavar="FILE", help="instead: a root from root create")
    parser.add_argument(
        "--bytes",
        metavar="OUT",
        help="the file for the bytes to sign; required with --signed-root",
    )
    requests.add_signers(parser)
    parser.add_argument(
        "--user-manifest",
        metavar="FILE",
        help=f"the payload of {USER_MANIFEST}; if it is a release manifest, the JSON names its product",
    )
    add_strict_pigweed(parser)
    add_output(parser, "the JSON to write")
    args = parser.parse_args(argv)
    _check(args)
    path = args.metadata or args.signed_root
    request = requests.parse_metadata(path, _content(args), args.role, schemes_of(args))
    content = signing_request.build_json(
        request, requests.read_signers(args, path, request), _release(args.user_manifest, request)
    )
    if args.previous:
        root = metadata.build_signed(metadata.ROOT, metadata.Signed(request.serialized, ()))
        before = RootFile(args.previous, read_root_file(args.previous))
        report_pigweed(args, move_problems(before, RootFile(path, root)))
    inputs = [path, *requests.inputs_of(args), *files_of(args.user_manifest)]
    if args.bytes:
        files.write_output(args.bytes, request.serialized, inputs=inputs)
    files.write_output(args.output, content, inputs=inputs)
    return 0


def _check(args: argparse.Namespace) -> None:
    requests.check_signers(args)
    check_apart(args, "output", "bytes")
    if args.signed_root is not None and args.bytes is None:
        raise UsageError("--signed-root: write --bytes OUT too")
    if args.role == metadata.TARGETS and args.signed_root is not None:
        raise UsageError("--signed-root: only valid with --role root; write --metadata FILE")
    if args.strict_pigweed and args.previous is None:
        raise UsageError("--strict-pigweed: only valid with --previous; add that or remove it")
    if args.role == metadata.ROOT and args.user_manifest is not None:
        raise UsageError("--user-manifest: only valid with --role targets; remove it")


def _content(args: argparse.Namespace) -> bytes:
    if args.signed_root is None:
        return requests.read_metadata(args.metadata)
    signed, _ = parse_root(args.signed_root, read_root_file(args.signed_root))
    return signed.serialized


def _release(path: str | None, request: Request) -> ReleaseManifest | None:
    if path is None:
        return None
    content = files.read_input(path, limits.MAX_USER_MANIFEST_BYTES)
    if not signing_request.lists(request, USER_MANIFEST, content):
        raise InputError(f"{path}: the metadata lists another {USER_MANIFEST}; name that one")
    try:
        return parse_release(content)
    except Refused as refused:
        raise InputError(f"{path}: {refused}; make it with: step release-manifest") from None
