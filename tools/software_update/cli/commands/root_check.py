"""root check: whether devices may take a root, and who has still to sign it."""

from collections.abc import Sequence

from software_update.base import files
from software_update.base.strict_json import to_text
from software_update.cli.options.arguments import (
    Parser,
    add_strict_pigweed,
    files_of,
    report_pigweed,
)
from software_update.cli.options.holders import add_holders, holders_of
from software_update.cli.options.root_state import add_earlier_roots, earlier_roots, state_in
from software_update.cli.render import root_progress
from software_update.verify.pigweed_roots import RootFile, move_problems
from software_update.verify.trust_files import read_root_file


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "root check",
        "Checks that devices may accept a root after the previous one, and lists the "
        "keys that have still to sign. Missing signatures are not an error.",
    )
    parser.add_argument("root", metavar="ROOT", help="root metadata, signed or not")
    add_earlier_roots(parser)
    add_holders(parser)
    parser.add_argument(
        "--require-complete", action="store_true", help="fail if signatures are missing"
    )
    parser.add_argument(
        "--report",
        metavar="FILE.json",
        help="write software_update.root_check.v1, and print nothing if the root is complete",
    )
    add_strict_pigweed(parser)
    args = parser.parse_args(argv)
    state, holders = state_in(args), holders_of(args)
    root = RootFile(args.root, read_root_file(args.root))
    for path in earlier_roots(args):
        report_pigweed(args, move_problems(RootFile(path, read_root_file(path)), root))
    if args.report:
        inputs = [args.root, *earlier_roots(args), *files_of(args.holders)]
        files.write_output(args.report, to_text(state.report(holders)).encode(), inputs=inputs)
    if not (args.report and state.complete):
        print("\n".join(root_progress.lines(state, holders)))
    if args.require_complete:
        state.check_complete()
    return 0
