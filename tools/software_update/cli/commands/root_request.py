"""root request: what is to be signed so that a root is good, to carry to those who have its keys."""

import os
from collections.abc import Sequence

from software_update.base import files
from software_update.base.errors import printable
from software_update.cli.options.arguments import Parser, add_output
from software_update.cli.options.root_state import add_earlier_roots, earlier_roots, read_state
from software_update.cli.render.requests import request_lines
from software_update.signing import signing_request


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "root request",
        "Writes a signing request for root metadata: the bytes to sign, and JSON that "
        "describes them and lists the keys that may sign.",
    )
    parser.add_argument("root", metavar="ROOT", help="root metadata from root create")
    add_earlier_roots(parser)
    add_output(parser, "the file for the bytes; the JSON goes to OUT.json")
    args = parser.parse_args(argv)
    state = read_state(args)
    content = signing_request.build_json(state.request, state.signers, None)
    inputs = [args.root, *earlier_roots(args)]
    beside = f"{args.output}.json"
    # Both or neither.
    with (
        files.new_output(args.output, inputs=inputs) as bytes_fd,
        files.new_output(beside, inputs=inputs, below=os.path.dirname(beside)) as json_fd,
    ):
        files.write_all(bytes_fd, state.request.serialized)
        files.write_all(json_fd, content)
    print("\n".join(request_lines(printable(args.output), state.request)))
    asked = " and ".join(f"{each.role.threshold} of {each.whose} keys" for each in state.signers)
    print(f"  must sign: {asked}")
    return 0
