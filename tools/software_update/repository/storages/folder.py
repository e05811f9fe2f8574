"""A storage in a folder, which a web server serves.

Each object is written to a file of another name, made durable, and renamed. So a cut at any point leaves
an object whole or absent. One publisher at a time holds the lock of the folder.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from software_update.base.errors import InputError, printable
from software_update.base.files import errors_name, make_folder, read_range
from software_update.repository.storage import Conflict, Listed, Object, UploadFile
from software_update.repository.storages.names import check_name

# The lock, and files that have no name yet. A web server need not serve it, and `list` leaves it out.
OWN_FOLDER = ".publishing"
_LOCK = "lock"
_CHUNK_BYTES = 1024 * 1024
_READ = os.O_RDONLY | os.O_CLOEXEC


@dataclass
class FolderStorage:
    """Objects are files below `path`, which must be a folder."""

    path: str
    _depth: int = field(default=0, repr=False)

    def describe(self) -> str:
        """See `Storage.describe`."""
        return self.path

    def read(self, name: str, most: int) -> Object | None:
        """See `Storage.read`."""
        path = self._path(name)
        try:
            with open(path, "rb") as file:
                content = file.read(most + 1)
        except FileNotFoundError:
            return None
        if len(content) > most:
            raise InputError(f"{path}: larger than {most} bytes; check that it is the right file")
        return Object(content, hashlib.sha256(content).hexdigest())

    def open(self, name: str) -> BinaryIO:
        """See `Storage.open`."""
        return open(self._path(name), "rb")

    def put_new(self, name: str, content: bytes | UploadFile) -> None:
        """See `Storage.put_new`."""
        with self.publishing(), errors_name(self._path(name)):
            file = FolderSpool(self)
            try:
                if isinstance(content, bytes):
                    _write(file.fd, content)
                else:
                    _copy(content, file.fd)
                file.commit(name)
            finally:
                file.abort()

    def replace(self, name: str, content: bytes, tag: str | None) -> None:
        """See `Storage.replace`."""
        path = self._path(name)
        with self.publishing(), errors_name(path):
            if _tag(path) != tag:
                raise Conflict(
                    f"{path}: another publisher has written it meanwhile; run the command again"
                )
            file = FolderSpool(self)
            try:
                _write(file.fd, content)
                file.rename(path)
            finally:
                file.abort()

    def list(self, prefix: str) -> Iterator[Listed]:
        """See `Storage.list`."""
        start = os.path.join(self.path, *prefix.split("/")[:-1])
        for folder, folders, files in os.walk(start, onerror=_unless_missing):
            if folder == self.path and OWN_FOLDER in folders:
                folders.remove(OWN_FOLDER)
            for file in files:
                path = os.path.join(folder, file)
                name = os.path.relpath(path, self.path)
                if name.startswith(prefix):
                    found = os.stat(path)
                    yield Listed(name, found.st_size, int(found.st_mtime))

    def remove(self, name: str) -> None:
        """See `Storage.remove`."""
        path = self._path(name)
        with self.publishing(), contextlib.suppress(FileNotFoundError):
            os.unlink(path)
            _sync_folder(os.path.dirname(path))

    @contextlib.contextmanager
    def publishing(self) -> Iterator[None]:
        """See `Storage.publishing`. Removes what killed publishers left."""
        if self._depth:
            yield
            return
        with self._lock():
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1

    def spool(self) -> "FolderSpool":
        """See `Spools.spool`. Only in `publishing`."""
        return FolderSpool(self)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        if not os.path.isdir(self.path):
            raise InputError(f"{self.path}: there is no such folder; make it, or correct the name")
        own = os.path.join(self.path, OWN_FOLDER)
        make_folder(own)
        fd = os.open(os.path.join(own, _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict(
                    f"{self.path}: another command is publishing there; wait until it has ended"
                ) from None
            for left in os.listdir(own):
                if left != _LOCK:
                    os.unlink(os.path.join(own, left))
            yield
        finally:
            os.close(fd)

    def _path(self, name: str) -> str:
        check_name(name)
        return os.path.join(self.path, *name.split("/"))


class FolderSpool:
    """See `Spool`."""

    def __init__(self, storage: FolderStorage) -> None:
        self._storage = storage
        self._path = os.path.join(storage.path, OWN_FOLDER, secrets.token_hex(8))
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self.fd = os.open(self._path, flags, 0o666)
        self._is_open = True

    def sync(self) -> None:
        """See `Spool.sync`."""
        os.fsync(self.fd)

    def commit(self, name: str) -> None:
        """See `Spool.commit`."""
        check_name(name)
        path = os.path.join(self._storage.path, *name.split("/"))
        if not os.path.exists(path):
            self.rename(path)
            return
        # A publisher that was killed may have renamed it without making the name durable.
        _sync_folder(os.path.dirname(path))
        if not _are_equal(self.fd, path):
            raise Conflict(
                f"{path}: is there with another content, and objects of a repository never change; "
                "find out which program wrote it"
            )
        self.abort()

    def rename(self, path: str) -> None:
        """Makes the content durable, and gives it the place of `path`."""
        _make_folders(os.path.dirname(path), self._storage.path)
        os.fsync(self.fd)
        os.replace(self._path, path)
        self._close()
        _sync_folder(os.path.dirname(path))

    def abort(self) -> None:
        """See `Spool.abort`."""
        if self._is_open:
            self._close()
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)

    def _close(self) -> None:
        self._is_open = False
        os.close(self.fd)


def _tag(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _write(fd: int, content: bytes | memoryview) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(fd, rest) :]


def _copy(source: UploadFile, fd: int) -> None:
    hasher = hashlib.sha256()
    for chunk in read_range(source.fd, 0, source.length, _CHUNK_BYTES):
        hasher.update(chunk)
        _write(fd, chunk)
    if hasher.hexdigest() != source.sha256:
        raise InputError(
            f"{printable(source.path)}: was changed while it was read; do not write to it meanwhile"
        )


def _are_equal(fd: int, path: str) -> bool:
    with open(path, "rb") as there:
        length = os.fstat(there.fileno()).st_size
        if length != os.fstat(fd).st_size:
            return False
        return all(
            ours == there.read(len(ours)) for ours in read_range(fd, 0, length, _CHUNK_BYTES)
        )


def _make_folders(folder: str, top: str) -> None:
    """Makes the missing folders on the way from `top`, durably."""
    if folder != top and not os.path.isdir(folder):
        above = os.path.dirname(folder)
        _make_folders(above, top)
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder)
        _sync_folder(above)


def _sync_folder(folder: str) -> None:
    fd = os.open(folder, _READ | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _unless_missing(error: OSError) -> None:
    if error.errno != errno.ENOENT:
        raise error
