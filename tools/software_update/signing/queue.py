"""A folder of signing requests, and in it a folder of signatures, on a share that others write to.

What is in it is not trusted: it may be half a copy, a link, a FIFO, endless, and change at any moment.
Nothing is read or written through a link, and no request is ever changed, moved or removed. POSIX alone.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from typing import Self

from software_update import files
from software_update.errors import InputError, Refused
from software_update.keys import PublicKey
from software_update.limits import (
    MAX_REQUEST_JSON_BYTES,
    MAX_SIGNATURE_FILE_BYTES,
    MAX_TARGETS_METADATA_BYTES,
)
from software_update.signing import signature_file, signing_request
from software_update.signing.signature_file import DetachedSignature
from software_update.signing.signers import is_good
from software_update.signing.signing_request import Request

SUFFIX = ".signing_request"
SIGNATURES = "signatures"

# A signature is written in an instant; what a killed signer left is older.
_STALE_SECONDS = 60 * 60
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WRITE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

# What tells that a file is another one, or has changed; None: it is not there.
Stamp = tuple[int, ...] | None


class Queue:
    """An open queue. Every error is an InputError, the share's own too."""

    def __init__(self, path: str, folder: int, signatures: int) -> None:
        self._path = path
        self._folder = folder
        self._signatures = signatures

    @classmethod
    def open(cls, path: str) -> Self:
        """The queue in a folder; its folder of signatures is made if it is missing."""
        with _errors_name(path):
            folder = os.open(path, _FOLDER_FLAGS)
        try:
            with _errors_name(os.path.join(path, SIGNATURES)):
                return cls(path, folder, _open_signatures(folder))
        except BaseException:
            os.close(folder)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        os.close(self._signatures)
        os.close(self._folder)

    def names(self) -> list[str]:
        """The files that could be requests, hidden ones left out."""
        with _errors_name(self._path):
            listed = os.listdir(self._folder)
        return sorted(each for each in listed if each.endswith(SUFFIX) and each[0] != ".")

    def path(self, name: str) -> str:
        """How errors call a request."""
        return os.path.join(self._path, name)

    def signature_path(self, name: str) -> str:
        """How errors call a file of the folder of signatures."""
        return os.path.join(self._path, SIGNATURES, name)

    def read(self, name: str) -> tuple[Request, frozenset[bytes]]:
        """A request, and the raw key ids that may sign it.

        InputError where the bytes and the JSON beside them are not both whole: of one request.
        """
        path, beside = self.path(name), f"{name}.json"
        with _errors_name(path):
            data = _read(self._folder, name, MAX_TARGETS_METADATA_BYTES)
        with _errors_name(f"{path}.json"):
            document = _read(self._folder, beside, MAX_REQUEST_JSON_BYTES)
        try:
            parsed = signing_request.parse_request(data)
        except Refused as refused:
            raise InputError(f"{path}: no metadata to sign ({refused})") from None
        request = Request(parsed.content, document)
        return request, signing_request.check_json(f"{path}.json", document, request)

    def stamps(self, name: str) -> tuple[Stamp, Stamp]:
        """Of a request, and of the JSON beside it."""
        return _stamp(self._folder, name), _stamp(self._folder, f"{name}.json")

    def signature_stamp(self, name: str) -> Stamp:
        """Of what has the name of a signature."""
        return _stamp(self._signatures, name)

    def is_signed(self, request: Request, public: PublicKey) -> bool:
        """Whether there is a good signature of the request by a key."""
        name = signature_file.file_name(request.sha256, public.key_id)
        path = self.signature_path(name)
        try:
            with _errors_name(path):
                content = _read(self._signatures, name, MAX_SIGNATURE_FILE_BYTES)
            return is_good(signature_file.parse(path, content), request, public)
        except InputError:
            return False

    def write(self, signature: DetachedSignature) -> str:
        """Puts a signature in its place, whatever has its name. The path."""
        path = self.signature_path(signature.file_name)
        beside = files.beside_name("")
        try:
            with _errors_name(path):
                self._write_beside(beside, signature_file.build(signature))
                os.replace(
                    beside,
                    signature.file_name,
                    src_dir_fd=self._signatures,
                    dst_dir_fd=self._signatures,
                )
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside, dir_fd=self._signatures)
            raise
        return path

    def _write_beside(self, beside: str, content: bytes) -> None:
        fd = os.open(beside, _WRITE_FLAGS, 0o666, dir_fd=self._signatures)
        try:
            files.write_all(fd, content)
            # By the share's clock, which need not be this machine's.
            self._remove_stale(os.fstat(fd).st_mtime - _STALE_SECONDS)
        finally:
            os.close(fd)

    def _remove_stale(self, before: float) -> None:
        """Takes away what killed signers left."""
        for name in os.listdir(self._signatures):
            if files.is_beside_name(name):
                with contextlib.suppress(FileNotFoundError):
                    found = os.stat(name, dir_fd=self._signatures, follow_symlinks=False)
                    if stat.S_ISREG(found.st_mode) and found.st_mtime < before:
                        os.unlink(name, dir_fd=self._signatures)


def _open_signatures(folder: int) -> int:
    flags = _FOLDER_FLAGS | os.O_NOFOLLOW
    with contextlib.suppress(FileExistsError):
        try:
            return os.open(SIGNATURES, flags, dir_fd=folder)
        except FileNotFoundError:
            os.mkdir(SIGNATURES, dir_fd=folder)
        except OSError as error:
            if error.errno in (errno.ENOTDIR, errno.ELOOP):
                raise InputError("a link or a file, not a folder; take it away") from None
            raise
    return os.open(SIGNATURES, flags, dir_fd=folder)


def _read(folder: int, name: str, limit: int) -> bytes:
    """A file of at most `limit` bytes."""
    _check_regular(os.stat(name, dir_fd=folder, follow_symlinks=False))
    fd = os.open(name, _READ_FLAGS, dir_fd=folder)
    try:
        # It may be another one by now.
        _check_regular(os.fstat(fd))
        with open(fd, "rb", closefd=False) as file:
            content = file.read(limit + 1)
    finally:
        os.close(fd)
    if len(content) > limit:
        raise InputError(f"larger than {limit} bytes; take it away")
    return content


def _check_regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise InputError("a link, or another thing that is no regular file; copy the file itself")


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
    """What goes wrong is an InputError that begins with `path`."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
