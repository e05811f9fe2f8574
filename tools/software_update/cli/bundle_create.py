"""bundle create: a signed bundle from files, in one go."""

import argparse
from collections.abc import Sequence

from software_update import files, metadata, pigweed, signing
from software_update.bundle.writer import plan_payloads, write_bundle
from software_update.cli import arguments
from software_update.cli.target_lists import read_targets_from
from software_update.cli.trusted import parse_trusted_root, read_root_file
from software_update.errors import InputError, Refused, UsageError, Verdict
from software_update.metadata import Root, Target
from software_update.verify import verifier


def run(argv: Sequence[str]) -> int:
    parser = arguments.Parser("bundle create", "Makes a signed bundle from files.")
    arguments.add_version(parser)
    arguments.add_payload_files(parser)
    parser.add_argument(
        "--targets-from",
        metavar="FILE.json",
        help='more targets: {"targets": [{"name": ..., "file": path from FILE.json\'s folder}]}',
    )
    parser.add_argument("--root", metavar="FILE", required=True, help="signed root metadata")
    arguments.add_dev_signing_keys(parser)
    arguments.add_expires(parser)
    arguments.add_strict_pigweed(parser)
    arguments.add_output(parser, "the bundle to write")
    args = parser.parse_args(argv)
    more = [] if args.targets_from is None else read_targets_from(args.targets_from)
    payload_files = arguments.payload_files_of(args, more)
    if not payload_files:
        raise UsageError("no targets; write --target NAME=FILE")
    _create(args, payload_files)
    return 0


def _create(args: argparse.Namespace, payload_files: list[tuple[str, str]]) -> None:
    version, expires = arguments.version_of(args), arguments.expires_of(args)
    signed_root = read_root_file(args.root)
    root = parse_trusted_root(args.root, signed_root)
    _check_root(args.root, root, signed_root)
    keys = signing.read_keys(args.dev_signing_key)
    signing.check_listed(keys, root, metadata.TARGETS)
    payloads = plan_payloads(payload_files)
    pigweed.check(
        (Target(each.name, each.length, b"") for each in payloads), strict=args.strict_pigweed
    )

    def metadata_of(targets: list[Target]) -> tuple[bytes, bytes]:
        unsigned = metadata.build_targets(version, targets, expires)
        signed = signing.sign(metadata.Signed(unsigned, ()), keys)
        signed_targets = metadata.build_signed(metadata.TARGETS, signed)
        _check_targets(root, signed_targets)
        return signed_root, signed_targets

    inputs = [args.root, *args.dev_signing_key, *(path for _, path in payload_files)]
    inputs += arguments.files_of(args.version_file, args.targets_from)
    with files.new_output(args.output, inputs=inputs) as fd:
        write_bundle(fd, payloads, metadata_of)


# What a device would refuse: better now than then. Expiry is no matter here.


def _check_root(path: str, root: Root, signed_root: bytes) -> None:
    try:
        verifier.verify_roots(root, (), signed_root, None)
    except Refused as refused:
        raise InputError(
            f"{path}: a device would refuse it ({refused}); sign it with: root sign"
        ) from None


def _check_targets(root: Root, signed_targets: bytes) -> None:
    try:
        verifier.verify_targets(root, signed_targets, None, None)
    except Refused as refused:
        if refused.verdict != Verdict.THRESHOLD_NOT_MET:
            raise
        raise InputError(f"{refused.detail}; sign with more --dev-signing-key") from None
