"""The options that name the roots before a root, and the state of a root in a file."""

import argparse

from software_update.base.errors import UsageError
from software_update.cli.options.arguments import add_list, files_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.signing.root_progress import RootState, read_state


def add_earlier_roots(parser: argparse.ArgumentParser) -> None:
    """Adds --previous, --also-for and --experimental-schemes."""
    add_schemes(parser)
    parser.add_argument(
        "--previous",
        metavar="FILE",
        help="the previous root, whose keys must sign too; default: none, for version 1",
    )
    add_list(
        parser,
        "--also-for",
        "FILE",
        "roots before --previous whose keys must sign too, so that clients of Pigweed "
        "move from them to this root at once",
    )


def earlier_roots(args: argparse.Namespace) -> list[str]:
    """Returns the files that --previous and --also-for name."""
    return [*files_of(args.previous), *args.also_for]


def state_in(args: argparse.Namespace) -> RootState:
    """Returns the state of the root in the file `args.root`, after those in `earlier_roots(args)`."""
    if args.also_for and args.previous is None:
        raise UsageError(
            f"--also-for {args.also_for[0]}: needs --previous FILE, the root before {args.root}"
        )
    initial = getattr(args, "initial", False)
    return read_state(args.root, args.previous, args.also_for, schemes_of(args), initial=initial)
