"""Writes files whole, and makes names last: the order of writes, renames and folder syncs."""

import contextlib
from collections.abc import Iterator
from posixpath import dirname

from software_update.client.system import Storage


@contextlib.contextmanager
def naming(path: str, error: type[OSError]) -> Iterator[None]:
    """Turns other OSErrors inside into an `error` in one line: the path, and the reason."""
    try:
        yield
    except error:
        raise
    except OSError as caught:
        failed = error(f"{path}: {caught.strerror or caught}")
        # A full disk says nothing about the release, and is treated differently.
        failed.errno = caught.errno
        raise failed from caught


def write_whole(storage: Storage, path: str, content: bytes) -> None:
    """Replaces a file: after a power cut, it has its old content or the new one. Its folder must exist."""
    # Target names cannot contain "~".
    beside = f"{path}~"
    file = storage.open_to_write(beside)
    try:
        file.truncate(0)
        file.write(0, content)
        file.sync()
    finally:
        file.close()
    move(storage, beside, path)


def switch_link(storage: Storage, target: str, path: str) -> None:
    """Makes a symbolic link at `path` lead to `target`: after a power cut, it leads to one of the two."""
    beside = f"{path}~"
    storage.remove(beside)
    storage.make_link(target, beside)
    move(storage, beside, path)


def move(storage: Storage, old: str, new: str) -> None:
    """Renames within a folder, and returns when the new name is on the medium."""
    storage.rename(old, new)
    storage.sync_folder(dirname(new))


def read_whole(storage: Storage, path: str, limit: int) -> bytes | None:
    """Returns a file's content, None if there is no file, and one byte more than `limit` if it is longer."""
    if not storage.exists(path):
        return None
    file = storage.open(path)
    try:
        return file.read(0, limit + 1)
    finally:
        file.close()


def folders_above(path: str, top: str) -> Iterator[str]:
    """Yields the folders between a path and `top`, from the inside to `top` itself."""
    while path != top:
        path = dirname(path)
        yield path
