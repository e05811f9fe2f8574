"""--collected-roots: the roots before a bundle's root, which a build finds in its graph, in any order."""

import argparse

from software_update.base import files
from software_update.base.errors import InputError, UsageError
from software_update.base.strict_json import parse_file
from software_update.verify.trust_files import parse_root, read_root_file

_LIST_BYTES = 1024 * 1024
_ENTRIES = '[{"file": "root_1.root.pb"}]'


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
    paths = sorted(_read(args.collected_roots), key=_version)
    args.root_chain += paths[1:]
    return paths[:1]


def _version(path: str) -> int:
    return parse_root(path, read_root_file(path))[1].common.version


def _read(path: str) -> list[str]:
    """Returns the paths in the list. An entry {"label", "previous"} stands for roots that it lacks."""
    try:
        entries = parse_file(path, files.read_input(path, _LIST_BYTES))
        unknown = [(each["label"], each["previous"]) for each in entries if "previous" in each]
        paths = [each["file"] for each in entries if "previous" not in each]
        if not isinstance(entries, list) or not all(
            isinstance(each, str) and each for each in paths
        ):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not of the form {_ENTRIES}") from None
    for label, previous in unknown:
        raise InputError(
            f"{label}: previous is a file, {previous}, so the build does not know the roots before it; "
            "write root_chain into the bundle, or a label into previous"
        )
    return paths
