"""step persist: write a bundle as a tree, the layout of a TUF repository."""

from collections.abc import Sequence

from software_update.cli.options.arguments import Parser
from software_update.steps.persist import persist


def run(argv: Sequence[str]) -> int:
    parser = Parser(
        "step persist",
        "Writes a bundle as the tree of a TUF repository. Each payload must match the "
        "metadata. Checks no signature.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle")
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        required=True,
        help="a new or empty folder, or one that contains only such a tree, which is replaced",
    )
    args = parser.parse_args(argv)
    persist(args.bundle, args.output)
    return 0
