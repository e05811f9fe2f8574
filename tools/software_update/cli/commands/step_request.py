"""step request: writes the JSON of a signing request for targets metadata."""

from collections.abc import Sequence

from software_update.base import files
from software_update.cli.options.arguments import Parser, add_output, check_apart, files_of
from software_update.cli.options.holders import add_holders, holders_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.format.names import USER_MANIFEST
from software_update.steps.request import request_of_targets


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
    add_holders(parser)
    add_output(parser, "the JSON to write")
    args = parser.parse_args(argv)
    check_apart(args, "output", "bytes")
    request, content = request_of_targets(
        args.metadata, args.root, args.user_manifest, schemes_of(args), holders_of(args)
    )
    inputs = [args.metadata, args.root, *files_of(args.user_manifest), *files_of(args.holders)]
    if args.bytes:
        files.write_output(args.bytes, request.serialized, inputs=inputs)
    files.write_output(args.output, content, inputs=inputs)
    return 0
