"""root request: what is to be signed so that a root is good, to carry to those who have its keys."""

import os
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import UsageError, printable
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import (
    Parser,
    add_output,
    add_strict_pigweed,
    files_of,
    report_pigweed,
)
from software_update.cli.options.holders import add_holders, holders_of
from software_update.cli.options.root_state import add_earlier_roots, earlier_roots, state_in
from software_update.cli.render.requests import request_lines
from software_update.format import metadata
from software_update.signing import signing_request
from software_update.signing.signing_request import Request
from software_update.verify.pigweed_roots import RootFile, move_problems
from software_update.verify.trust_files import read_root_file


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "root request",
        "Writes a signing request for root metadata: the bytes to sign, and JSON that "
        "describes them and lists the keys that may sign.",
    )
    parser.add_argument("root", metavar="ROOT", help="root metadata from root create")
    add_earlier_roots(parser)
    add_holders(parser)
    parser.add_argument(
        "--initial",
        action="store_true",
        help="accept any version without --previous, because devices start with this root",
    )
    add_strict_pigweed(parser)
    parser.add_argument("--quiet", action="store_true", help="print no description of the request")
    add_output(parser, "the file for the bytes; the JSON goes to OUT.json")
    args = parser.parse_args(argv)
    if args.initial and args.previous:
        raise UsageError("--initial: only valid without --previous; remove one of the two")
    if args.strict_pigweed and args.previous is None:
        raise UsageError("--strict-pigweed: only valid with --previous; add that or remove it")
    state = state_in(args)
    # Without signatures: those on the new root do not matter to Pigweed's client.
    unsigned = metadata.build_signed(metadata.ROOT, metadata.Signed(state.root.serialized, ()))
    for path in earlier_roots(args):
        before = RootFile(path, read_root_file(path))
        report_pigweed(args, move_problems(before, RootFile(args.root, unsigned)))
    holders = holders_of(args)
    document = signing_request.build_document(state.request, state.authorities, None, holders)
    request = Request(state.root, document)
    inputs = [args.root, *earlier_roots(args), *files_of(args.holders)]
    beside = f"{args.output}.json"
    # Both or neither.
    with (
        files.new_output(args.output, inputs=inputs) as bytes_fd,
        files.new_output(beside, inputs=inputs, below=os.path.dirname(beside)) as json_fd,
    ):
        files.write_all(bytes_fd, request.serialized)
        files.write_all(json_fd, to_text(document).encode())
    if not args.quiet:
        print("\n".join(request_lines(printable(args.output), request)))
        asked = [f"{each.role.threshold} of {each.whose} keys" for each in state.authorities]
        print(f"  must sign: {' and '.join(asked)}")
    return 0
