"""Signs requests in shared folders: a queue is a folder of requests with a folder `signatures` in it.

The signatures can also be in one folder elsewhere.

    with Queue.open("queue") as queue:
        for name in queue.names():
            request = queue.read(name)
            if not queue.is_signed(request, signer.public):
                queue.write(signature_by(signer, request))

Others write to the folders at the same time, and are not trusted. The module guarantees:

- `read` returns a request only if it is whole: the bytes are metadata that a device accepts, and the JSON
  next to them describes the same bytes. A copy in progress, a link, a FIFO or a file without an end is an
  error, and no such file makes it wait.
- It never follows a link, and never changes, moves or removes a request.
- A signature file is complete or absent, also after a crash. `write` replaces any file in its place.
- `is_signed` verifies the signature; a file with the right name is not enough.

All errors are InputErrors of one line that begin with the path. ShareError is the subclass for errors of the
share itself, which may pass, so a caller that serves a queue tries again. Only on POSIX systems.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from typing import Self

from software_update.base import files
from software_update.base.errors import InputError
from software_update.format.limits import (
    MAX_REQUEST_JSON_BYTES,
    MAX_TARGETS_METADATA_BYTES,
)
from software_update.format.verdicts import Refused
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.signing import signature_file, signing_request
from software_update.signing.signature_file import DetachedSignature, is_good
from software_update.signing.signing_request import SUFFIX, Request

SIGNATURES = "signatures"
# The maximum depth of a folder with requests below the queue's own folder.
MAX_DEPTH = 8

# Writing a signature takes an instant; an older temporary file is from a signer that was killed.
_STALE_SECONDS = 60 * 60
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

# The identity and state of a file; None: it does not exist.
Stamp = tuple[int, ...] | None


class ShareError(InputError):
    """An error of the share itself, which may pass although no file changes."""


class Queue:
    """An open folder of requests.

    `depth`: how many folders deep it is below the queue's own folder. `elsewhere` is the path of one folder
    for all signatures; None if each folder of requests has its own.
    """

    def __init__(
        self,
        path: str,
        folder: int,
        signatures: int | None,
        depth: int,
        schemes: Schemes,
        elsewhere: str | None,
    ) -> None:
        self._path = path
        self._schemes = schemes
        self._folder = folder
        self._signatures = signatures
        self._depth = depth
        self._elsewhere = elsewhere

    @classmethod
    def open(
        cls, path: str, schemes: Schemes = DEFAULT_SCHEMES, elsewhere: str | None = None
    ) -> Self:
        """Opens the queue's own folder, and makes its folder of signatures if it is missing.

        `schemes` are those that the keys in requested roots may have. With `elsewhere`, all signatures are in
        that folder, and the queue may be read-only.
        """
        with _errors_name(path):
            folder = os.open(path, _FOLDER_FLAGS)
        with _closed_on_error(folder), _errors_name(elsewhere or os.path.join(path, SIGNATURES)):
            made = _make_signatures(folder) if elsewhere is None else _make_elsewhere(elsewhere)
            return cls(path, folder, made, 0, schemes, elsewhere)

    def open_subfolder(self, name: str) -> Self:
        """Opens a folder in this one. Raises InputError for a link, and below a depth of `MAX_DEPTH`."""
        path = self.path(name)
        if self._depth == MAX_DEPTH:
            raise InputError(
                f"{path}: more than {MAX_DEPTH} folders below the queue; move its requests up"
            )
        with _errors_name(path):
            folder = os.open(name, _FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=self._folder)
        elsewhere = self._elsewhere
        with _closed_on_error(folder), _errors_name(elsewhere or os.path.join(path, SIGNATURES)):
            found = _find_signatures(folder) if elsewhere is None else _make_elsewhere(elsewhere)
            return type(self)(path, folder, found, self._depth + 1, self._schemes, elsewhere)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._signatures is not None:
            os.close(self._signatures)
        os.close(self._folder)

    def names(self) -> list[str]:
        """Returns the entries that have the name of a request, without hidden ones."""
        with _errors_name(self._path):
            listed = os.listdir(self._folder)
        return sorted(each for each in listed if each.endswith(SUFFIX) and each[0] != ".")

    def subfolders(self) -> list[str]:
        """Returns the folders that may contain more requests, without hidden ones and links."""
        with _errors_name(self._path), os.scandir(self._folder) as entries:
            return sorted(
                each.name
                for each in entries
                if each.is_dir(follow_symlinks=False)
                and each.name != SIGNATURES
                and each.name[0] != "."
                and not each.name.endswith(SUFFIX)
            )

    def path(self, name: str) -> str:
        """Returns the path of an entry of this folder, for errors."""
        return os.path.join(self._path, name)

    def signature_path(self, name: str) -> str:
        """Returns the path of a file in the folder of signatures, for errors."""
        return os.path.join(self._elsewhere or os.path.join(self._path, SIGNATURES), name)

    def read(self, name: str) -> Request:
        """Returns the request of that name, with the JSON next to it.

        Raises InputError if it is incomplete or invalid, and ShareError if it cannot be read.
        """
        path, beside = self.path(name), f"{name}.json"
        with contextlib.ExitStack() as opened:
            # Open both before reading either: a JSON may be missing for long.
            with _errors_name(path):
                data_fd = opened.enter_context(_opened(self._folder, name))
            with _errors_name(f"{path}.json"):
                document_fd = opened.enter_context(_opened(self._folder, beside))
            with _errors_name(path):
                data = _read(data_fd, MAX_TARGETS_METADATA_BYTES)
            with _errors_name(f"{path}.json"):
                document = _read(document_fd, MAX_REQUEST_JSON_BYTES)
        try:
            request = signing_request.parse_request(data, schemes=self._schemes)
        except Refused as refused:
            raise InputError(
                f"{path}: not metadata that a device accepts ({refused}); make another one"
            ) from None
        return signing_request.with_json(f"{path}.json", document, request)

    def stamps(self, name: str) -> tuple[Stamp, Stamp]:
        """Returns the stamps of a request and of the JSON next to it."""
        return _stamp(self._folder, name), _stamp(self._folder, f"{name}.json")

    def signature_stamp(self, name: str) -> Stamp:
        """Returns the stamp of the file that has the name of a signature."""
        return None if self._signatures is None else _stamp(self._signatures, name)

    def is_signed(self, request: Request, public: PublicKey) -> bool:
        """Says whether the folder contains a good signature of the request by a key."""
        if self._signatures is None:
            return False
        schemes = Schemes((public.scheme,))
        name = signature_file.file_name(request.sha256, public.key_id)
        path = self.signature_path(name)
        try:
            with _errors_name(path), _opened(self._signatures, name) as fd:
                content = _read(fd, signature_file.max_bytes(schemes))
            return is_good(signature_file.parse(path, content, schemes), request, public)
        except InputError:
            return False

    def write(self, signature: DetachedSignature) -> str:
        """Writes a signature file, replacing any file in its place. Returns its path."""
        path = self.signature_path(signature.file_name)
        beside = files.beside_name("")
        if self._signatures is None:
            with _errors_name(os.path.join(self._path, SIGNATURES)):
                self._signatures = _make_signatures(self._folder)
        folder = self._signatures
        try:
            with _errors_name(path):
                _write_beside(folder, beside, signature_file.build(signature))
                os.replace(beside, signature.file_name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside, dir_fd=folder)
            raise
        return path


def _write_beside(folder: int, beside: str, content: bytes) -> None:
    fd = os.open(beside, _WRITE_FLAGS, 0o666, dir_fd=folder)
    try:
        files.write_all(fd, content)
        # By the clock of the share, which may differ from that of this machine.
        _remove_stale(folder, os.fstat(fd).st_mtime - _STALE_SECONDS)
    finally:
        os.close(fd)


def _remove_stale(folder: int, before: float) -> None:
    """Removes the temporary files of signers that were killed."""
    for name in os.listdir(folder):
        if files.is_beside_name(name):
            with contextlib.suppress(FileNotFoundError):
                found = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISREG(found.st_mode) and found.st_mtime < before:
                    os.unlink(name, dir_fd=folder)


def _find_signatures(folder: int) -> int | None:
    try:
        return os.open(SIGNATURES, _FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            raise InputError("a link or a file, not a folder; remove it") from None
        raise


def _make_signatures(folder: int) -> int:
    found = _find_signatures(folder)
    if found is not None:
        return found
    # Another signer may make it at the same time.
    with contextlib.suppress(FileExistsError):
        os.mkdir(SIGNATURES, dir_fd=folder)
    return os.open(SIGNATURES, _FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=folder)


def _make_elsewhere(path: str) -> int:
    os.makedirs(path, exist_ok=True)
    return os.open(path, _FOLDER_FLAGS)


@contextlib.contextmanager
def _closed_on_error(fd: int) -> Iterator[None]:
    try:
        yield
    except BaseException:
        os.close(fd)
        raise


@contextlib.contextmanager
def _opened(folder: int, name: str) -> Iterator[int]:
    """Yields a file descriptor of a regular file."""
    _check_regular(os.stat(name, dir_fd=folder, follow_symlinks=False))
    fd = os.open(name, _READ_FLAGS, dir_fd=folder)
    try:
        # Another file may have the name by now.
        _check_regular(os.fstat(fd))
        yield fd
    finally:
        os.close(fd)


def _read(fd: int, limit: int) -> bytes:
    """Returns the content of a file. Raises InputError if it has more than `limit` bytes."""
    with open(fd, "rb", closefd=False) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise InputError(f"larger than {limit} bytes; remove it")
    return content


def _check_regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise InputError("a link, a folder or a special file; copy a regular file")


def _stamp(folder: int, name: str) -> Stamp:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None
    return (
        found.st_mode,
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


@contextlib.contextmanager
def _errors_name(path: str) -> Iterator[None]:
    """Turns errors into InputErrors that begin with `path`: those of the share into ShareErrors."""
    try:
        yield
    except OSError as error:
        raise ShareError(f"{path}: {error.strerror or error}") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
