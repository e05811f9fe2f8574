"""--collected and --depfile: targets that a build found in its graph, and what ninja must know of them.

A list that is collected when a build runs names files that its graph could not list as inputs: the
depfile does.
"""

import argparse
import contextlib
import os
import re
from collections.abc import Iterator, Sequence

from software_update.base import files
from software_update.base.errors import InputError, UsageError
from software_update.cli.options.arguments import check_apart, files_of
from software_update.steps.target_lists import read_collected

# Ninja ends a file's name at these, or drops them, however they are escaped.
_UNFIT = re.compile(r"[\x00-\x1f\x7f*;<>^`|]|\\(?=[ #$:]|\Z)|:\Z")


def add_collected(parser: argparse.ArgumentParser) -> None:
    """--collected FILE.json, --depfile FILE."""
    parser.add_argument(
        "--collected",
        metavar="FILE.json",
        help='more targets: [{"name": ..., "file": ...}], with paths relative to the current '
        "folder",
    )
    parser.add_argument(
        "--depfile",
        metavar="FILE",
        help="a depfile to write for ninja: OUT depends on the --collected file and the "
        "files in it, and on folders of --target and the files in them",
    )


def collected_of(args: argparse.Namespace) -> list[tuple[str, str]]:
    """The (name, path) pairs that --collected names."""
    return [] if args.collected is None else read_collected(args.collected)


def files_collected(args: argparse.Namespace, collected: Sequence[tuple[str, str]]) -> list[str]:
    """The list that was --collected, and the files in it."""
    return [*files_of(args.collected), *(path for _, path in collected)]


def check_depfile(args: argparse.Namespace, named: Sequence[str]) -> None:
    """UsageError if --depfile was given, but `named`, the files that a build graph cannot list, is empty."""
    if args.depfile is not None and not named:
        raise UsageError("--depfile: nothing was --collected, and no target is a folder; remove it")


@contextlib.contextmanager
def depfile(
    args: argparse.Namespace, named: Sequence[str], inputs: Sequence[str]
) -> Iterator[None]:
    """Writes --depfile, if it was given, once the output is written: that is done meanwhile.

    The output then depends on the files in `named`.
    """
    if args.depfile is None:
        yield
        return
    check_apart(args, "output", "depfile")
    content = _escaped(args.output) + b": " + b" ".join(map(_escaped, named)) + b"\n"
    with files.new_output(args.depfile, inputs=inputs) as fd:
        yield
        files.write_all(fd, content)


def _escaped(path: str) -> bytes:
    try:
        if _UNFIT.search(path):
            raise ValueError
        return os.fsencode(re.sub(r"([ #])", r"\\\1", path).replace("$", "$$"))
    except ValueError:
        raise InputError(
            f"{path!r}: ninja takes no such name from a depfile; rename the file"
        ) from None
