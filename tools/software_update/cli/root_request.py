"""root request: what is to be signed so that a root is good, to carry to those who have its keys."""

import os
from collections.abc import Sequence

from software_update import files
from software_update.cli import requests
from software_update.cli.arguments import Parser, add_output, files_of
from software_update.cli.root_state import read_state
from software_update.errors import printable
from software_update.signing import signing_request
from software_update.signing.signing_request import signers_of_root


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "root request",
        "Writes what is to be signed: the bytes, and beside them as JSON what they are and who may sign.",
    )
    parser.add_argument("root", metavar="ROOT", help="root metadata, as root create makes it")
    parser.add_argument(
        "--previous", metavar="FILE", help="the root before it; a first root, version 1, has none"
    )
    add_output(parser, "the bytes to write; the JSON becomes OUT.json")
    args = parser.parse_args(argv)
    state = read_state(args.root, args.previous)
    signers = signers_of_root(state.root, state.previous)
    content = signing_request.build_json(state.request, signers, None)
    inputs = [args.root, *files_of(args.previous)]
    beside = f"{args.output}.json"
    # Both or neither.
    with (
        files.new_output(args.output, inputs=inputs) as bytes_fd,
        files.new_output(beside, inputs=inputs, below=os.path.dirname(beside)) as json_fd,
    ):
        files.write_all(bytes_fd, state.request.serialized)
        files.write_all(json_fd, content)
    print("\n".join(requests.lines(printable(args.output), state.request)))
    asked = " and ".join(f"{each.role.threshold} of {each.whose} keys" for each in signers)
    print(f"  must sign: {asked}")
    return 0
