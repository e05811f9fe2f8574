"""step request: writes the JSON of a signing request for targets metadata."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import InputError
from software_update.cli.options import requests
from software_update.cli.options.arguments import (
    Parser,
    add_output,
    check_apart,
    files_of,
)
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format import limits, metadata
from software_update.format.names import USER_MANIFEST
from software_update.format.release_manifest import ReleaseManifest, parse_release
from software_update.format.verdicts import Refused
from software_update.signing import signing_request
from software_update.signing.signing_request import Request


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "step request",
        "Writes the JSON of a signing request for targets metadata, which describes the bytes to "
        "sign and lists the keys that may sign. For a root: root request.",
    )
    parser.add_argument("--metadata", metavar="FILE", required=True, help="the bytes to sign")
    parser.add_argument(
        "--root", metavar="FILE", required=True, help="the root metadata that lists the keys"
    )
    parser.add_argument("--bytes", metavar="OUT", help="the file for a copy of the bytes to sign")
    add_schemes(parser)
    parser.add_argument(
        "--user-manifest",
        metavar="FILE",
        help=f"the payload of {USER_MANIFEST}; if it is a release manifest, the JSON names its product",
    )
    add_output(parser, "the JSON to write")
    args = parser.parse_args(argv)
    check_apart(args, "output", "bytes")
    schemes = schemes_of(args)
    request = requests.parse_metadata(
        args.metadata, requests.read_metadata(args.metadata), metadata.TARGETS, schemes
    )
    signers = requests.read_signers_of_targets(args.root, schemes)
    content = signing_request.build_json(request, signers, _release(args.user_manifest, request))
    inputs = [args.metadata, args.root, *files_of(args.user_manifest)]
    if args.bytes:
        files.write_output(args.bytes, request.serialized, inputs=inputs)
    files.write_output(args.output, content, inputs=inputs)
    return 0


def _release(path: str | None, request: Request) -> ReleaseManifest | None:
    if path is None:
        return None
    content = files.read_input(path, limits.MAX_USER_MANIFEST_BYTES)
    if not signing_request.lists(request, USER_MANIFEST, content):
        raise InputError(
            f"{path}: is not the {USER_MANIFEST} that the metadata lists; name that one"
        )
    try:
        return parse_release(content)
    except Refused as refused:
        raise InputError(f"{path}: {refused}; make it with: step release-manifest") from None
