"""Files named by their SHA-256: roots, and manifests of releases.

The record names them, so a file must be on the medium, with its name, before a record does. Content never
changes under a name.
"""

import hashlib
from collections.abc import Collection

from software_update.base.errors import InputError
from software_update.client.system import Storage

ROOTS = "roots"
MANIFESTS = "manifests"
_MAX_BYTES = 1 << 26


def put(storage: Storage, folder: str, content: bytes) -> str:
    """Writes `content` into the folder, and syncs the file and the folder. Returns its name."""
    name = hashlib.sha256(content).hexdigest()
    path = f"{folder}/{name}"
    if not _has(storage, folder, name):
        storage.make_folder(folder)
        beside = f"{path}.new"
        file = storage.open_to_write(beside)
        try:
            file.write(0, content)
            file.truncate(len(content))
            file.sync()
        finally:
            file.close()
        storage.rename(beside, path)
    # Also if it exists: the power may have failed before its name was on the medium.
    storage.sync_folder(folder)
    return name


def get(storage: Storage, folder: str, name: str) -> bytes:
    """Returns the content of a file. Raises InputError if the file is missing or damaged."""
    path = f"{folder}/{name}"
    try:
        file = storage.open(path)
    except FileNotFoundError:
        raise InputError(f"{path}: is missing; provision the device again") from None
    try:
        content = file.read(0, min(file.size(), _MAX_BYTES))
    finally:
        file.close()
    if hashlib.sha256(content).hexdigest() != name:
        raise InputError(f"{path}: is damaged; provision the device again")
    return content


def _has(storage: Storage, folder: str, name: str) -> bool:
    """Returns whether a file is there with its content. A damaged one is written again."""
    try:
        get(storage, folder, name)
    except (InputError, OSError):
        return False
    return True


def keep_only(storage: Storage, folder: str, names: Collection[str]) -> None:
    """Removes all files except those named. Their removal needs no sync: they are garbage either way."""
    for name in storage.list(folder):
        if name not in names:
            storage.remove(f"{folder}/{name}")
