"""The options that name the roots before a root, and the state of a root in a file."""

import argparse

from software_update.base.errors import InputError, UsageError
from software_update.cli.options.arguments import files_of
from software_update.cli.options.schemes import add_schemes, schemes_of
from software_update.signing.root_progress import RootState, state_of
from software_update.verify.trust_files import read_root_file, read_trusted_root


def add_earlier_roots(parser: argparse.ArgumentParser) -> None:
    """Adds --previous, --also-for and --experimental-schemes."""
    add_schemes(parser)
    parser.add_argument(
        "--previous",
        metavar="FILE",
        help="the previous root, whose keys must sign too; default: none, for version 1",
    )
    parser.add_argument(
        "--also-for",
        metavar="FILE",
        nargs="+",
        action="extend",
        default=[],
        help="roots before --previous whose keys must sign too, so that clients of Pigweed "
        "move from them to this root at once",
    )


def earlier_roots(args: argparse.Namespace) -> list[str]:
    """Returns the files that --previous and --also-for name."""
    return [*files_of(args.previous), *args.also_for]


def read_state(args: argparse.Namespace) -> RootState:
    """Returns the state of the root in the file `args.root`, after those in `earlier_roots(args)`."""
    schemes = schemes_of(args)
    previous = None if args.previous is None else read_trusted_root(args.previous, schemes)
    also_for = [read_trusted_root(path, schemes) for path in args.also_for]
    versions: set[int] = set()
    for path, root in zip(args.also_for, also_for, strict=True):
        version = root.common.version
        if previous is None:
            raise UsageError(
                f"--also-for {path}: needs --previous FILE, the root before {args.root}"
            )
        if version >= previous.common.version:
            raise InputError(
                f"{path}: version {version} is not lower than version "
                f"{previous.common.version} of {args.previous}; name older roots with --also-for"
            )
        if version in versions:
            raise InputError(f"{path}: another root of version {version}; name each version once")
        versions.add(version)
    initial = getattr(args, "initial", False)
    content = read_root_file(args.root)
    return state_of(args.root, content, previous, also_for, schemes, initial=initial)
