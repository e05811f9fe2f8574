"""--unchanged-from and --removes: a release that lists the targets of an earlier one again."""

import argparse
from typing import TYPE_CHECKING

from software_update.base.errors import UsageError
from software_update.cli.options.arguments import add_list, files_of

if TYPE_CHECKING:
    from software_update.format.metadata import Root
    from software_update.steps.unchanged import Earlier


def add_unchanged_from(parser: argparse.ArgumentParser, *, metadata: bool = False) -> None:
    """Adds --unchanged-from FILE; with `metadata`, also --unchanged-from-metadata FILE."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--unchanged-from",
        metavar="FILE",
        help="an earlier release, whose other targets stay: its installed manifest, or a bundle that "
        "the root accepts",
    )
    if metadata:
        group.add_argument(
            "--unchanged-from-metadata",
            metavar="FILE",
            help="the same, as the unsigned targets metadata of a bundle in the same build",
        )


def add_removes(parser: argparse.ArgumentParser) -> None:
    """Adds --removes NAME..."""
    add_list(
        parser, "--removes", "NAME", "targets of the earlier release that the new one does not list"
    )


def unchanged_files(args: argparse.Namespace) -> list[str]:
    """Returns the file that lists the targets of the earlier release, or an empty list."""
    return files_of(args.unchanged_from, getattr(args, "unchanged_from_metadata", None))


def check_removes(args: argparse.Namespace) -> None:
    """Raises UsageError for --removes without an earlier release."""
    if args.removes and not unchanged_files(args):
        raise UsageError("--removes: only valid with --unchanged-from; add that or remove it")


def earlier_of(args: argparse.Namespace, root: "Root | None") -> "Earlier | None":
    """Returns the earlier release, or None.

    If it is a bundle, `root` must accept its signatures; None does not check them.
    """
    if not unchanged_files(args):
        return None
    # Imported here: most runs have no earlier release, and reading one needs the verifier.
    from software_update.steps.unchanged import read_earlier, read_earlier_metadata

    if args.unchanged_from is not None:
        return read_earlier(args.unchanged_from, root)
    return read_earlier_metadata(args.unchanged_from_metadata)
