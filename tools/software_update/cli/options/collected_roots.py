"""--collected-roots: the roots before a bundle's root, which a build finds in its graph, in any order."""

import argparse

from software_update.base.errors import UsageError
from software_update.steps.collected_roots import read_collected_roots


def add_collected_roots(parser: argparse.ArgumentParser) -> None:
    """Adds --collected-roots FILE.json."""
    parser.add_argument(
        "--collected-roots",
        metavar="FILE.json",
        help='instead of --root-chain: the roots before --root, in any order: [{"file": path from '
        "the current folder}]; the first one is left out, because no device has an older one",
    )


def take_collected_roots(args: argparse.Namespace) -> list[str]:
    """Sorts the roots that --collected-roots lists by version, and adds all but the first to --root-chain.

    Returns the first one, in a list, or an empty list. InputError if the list shows that the build
    knows only some of the roots.
    """
    if args.collected_roots is None:
        return []
    if args.root_chain:
        raise UsageError("--collected-roots: not valid with --root-chain; remove one of the two")
    paths = read_collected_roots(args.collected_roots)
    args.root_chain += paths[1:]
    return paths[:1]
