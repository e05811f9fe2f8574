"""The names of targets and the files with their payloads, as a build or a caller states them."""

import os
from collections.abc import Iterator, Sequence

from software_update.base.errors import Advice, InputError, UsageError
from software_update.format.names import USER_MANIFEST, clash, name_problem


def is_prefix(name: str) -> bool:
    """Returns whether a target name is for all files in a folder: it is empty or ends in /."""
    return not name or name.endswith("/")


def expand_folders(pairs: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[str]]:
    """Replaces each pair of a prefix and a folder with the files in the folder, sorted by name.

    The name of a file's target is the prefix and the file's path below the folder. The second list are
    the folders that were read and the files in them. Raises InputError for
    something else than a folder, for a folder without files, and for a folder that is a symbolic link.
    """
    expanded: list[tuple[str, str]] = []
    found: list[str] = []
    for name, path in pairs:
        if not is_prefix(name):
            expanded.append((name, path))
            continue
        names = sorted(_files_in(path, "", found))
        if not names:
            raise InputError(f"{path}: contains no files; name a folder with at least one")
        paths = [os.path.join(path, each) for each in names]
        expanded += zip((f"{name}{each}" for each in names), paths, strict=True)
        found += paths
    return expanded, found


def _files_in(top: str, below: str, folders: list[str]) -> Iterator[str]:
    """Yields the paths below the folder `top` of the files in it; appends each folder to `folders`."""
    folder = os.path.join(top, below) if below else top
    folders.append(folder)
    try:
        with os.scandir(folder) as there:
            entries = list(there)
    except NotADirectoryError:
        raise InputError(
            f"{folder}: not a folder; name a folder, or write a target name that does not end in /"
        ) from None
    for entry in entries:
        path = f"{below}/{entry.name}" if below else entry.name
        if not entry.is_dir():
            yield path
        elif entry.is_symlink():
            raise InputError(
                f"{entry.path}: a symbolic link to a folder; copy the folder, or remove the link"
            )
        else:
            yield from _files_in(top, path, folders)


def payload_files(
    targets: Sequence[tuple[str, str]], user_manifest: str | None = None
) -> list[tuple[str, str]]:
    """Returns (name, path) pairs of all targets; `user_manifest` is the path of that target's payload.

    Raises UsageError for a name that no target can have, and for two names that are the same or differ
    only in case.
    """
    for name, _ in targets:
        _check_name(name)
    pairs = list(targets)
    if user_manifest is not None:
        pairs.append((USER_MANIFEST, user_manifest))
    check_distinct(pairs)
    return pairs


def _check_name(name: str) -> None:
    problem = name_problem(name)
    if problem:
        raise UsageError(f"target {name!r}: the name {problem}; rename it")
    if name.lower() == USER_MANIFEST:
        raise UsageError(f"target {name!r}: the name is reserved", Advice.STATE_USER_MANIFEST)


def check_distinct(pairs: Sequence[tuple[str, str]]) -> None:
    """Raises UsageError if two of the (name, path) pairs have one name, or names that differ only in case."""
    twice = clash(name for name, _ in pairs)
    if twice:
        one, other = [pair for pair in pairs if pair[0].lower() == twice[0].lower()][:2]
        raise UsageError(
            f"two targets '{one[0]}' ({one[1]}) and '{other[0]}' ({other[1]}); "
            "rename one, or leave it out"
        )
