"""Removes objects that no metadata names any more."""

from collections.abc import Iterator

from software_update.repository.current import Current
from software_update.repository.names import (
    METADATA_FOLDER,
    ROOT,
    SNAPSHOT,
    TARGETS_FOLDER,
    TIMESTAMP,
    metadata_name,
    target_name,
)
from software_update.repository.storage import Listed, Storage


def needed_names(current: Current) -> set[str]:
    """Returns the names of the objects that clients of this moment may fetch."""
    names = {metadata_name(ROOT, version) for version in range(1, current.root.version + 1)}
    names |= {
        metadata_name(TIMESTAMP, 0),
        metadata_name(SNAPSHOT, current.snapshot_version),
    }
    for role in current.role_names():
        names.add(metadata_name(role, current.snapshot_meta[f"{role}.json"].version))
        for path, target in current.role(role).targets.items():
            names.add(target_name(path, target.hashes["sha256"]))
    return names


def unneeded(storage: Storage, current: Current, before: int) -> Iterator[Listed]:
    """Yields the objects below metadata/ and targets/ that are not needed and were written before a time.

    A client that has read an older timestamp may fetch what that names, until the timestamp expires. Another
    publisher may have written objects that its timestamp does not name yet.
    """
    needed = needed_names(current)
    for folder in (METADATA_FOLDER, TARGETS_FOLDER):
        for each in storage.list(folder):
            if each.name not in needed and each.written < before:
                yield each


def prune(storage: Storage, current: Current, before: int) -> list[Listed]:
    """Removes these objects, and returns them. The caller is in the storage's `publishing`."""
    found = list(unneeded(storage, current, before))
    for each in found:
        storage.remove(each.name)
    return found
