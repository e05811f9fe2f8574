"""root merge: merge signatures that were made elsewhere into root metadata."""

from collections.abc import Sequence

from software_update.base import files
from software_update.cli.options.arguments import Parser, add_list
from software_update.cli.options.root_state import (
    add_earlier_roots,
    earlier_roots,
    state_in,
)
from software_update.cli.options.schemes import schemes_of
from software_update.cli.render import root_progress
from software_update.cli.render.warnings import warn_of_other_signatures
from software_update.format import metadata
from software_update.signing import signature_file
from software_update.signing.attach import merge
from software_update.signing.root_progress import state_of


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "root merge",
        "Merges signatures into root metadata, and lists the keys that have still to "
        "sign. Each signature must be good.",
    )
    parser.add_argument("root", metavar="ROOT", help="root metadata, signed or not")
    add_list(parser, "--signature", "FILE", "signatures from software-update sign", required=True)
    add_earlier_roots(parser)
    parser.add_argument("-o", "--output", metavar="OUT", help="the file to write; default: ROOT")
    args = parser.parse_args(argv)
    schemes = schemes_of(args)
    state = state_in(args)
    signatures = [(path, signature_file.read(path, schemes)) for path in args.signature]
    merged, left_out = merge(state.signed, state.request, state.authorities, signatures)
    content = metadata.build_signed(metadata.ROOT, merged)
    path = args.output or args.root
    files.write_output(path, content, inputs=[*args.signature, *earlier_roots(args)])
    warn_of_other_signatures(left_out)
    also_for = [root for root, _ in state.also_for]
    complete = state_of(path, content, state.previous, also_for, schemes)
    print("\n".join(root_progress.lines(complete)))
    return 0
