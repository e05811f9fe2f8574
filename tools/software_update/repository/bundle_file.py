"""Reads and verifies the bundle that is to be published, and copies it into the storage in one pass."""

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from software_update.base.errors import InputError, printable
from software_update.base.files import copy_range, errors_name
from software_update.base.hashing import sha256_range
from software_update.bundle.envelope import Payload
from software_update.bundle.head import read_head
from software_update.bundle.reader import read_envelope, read_user_manifest
from software_update.format.catalog import CatalogEntry, entry_of
from software_update.format.metadata import Root
from software_update.format.verdicts import Refused
from software_update.repository.storage import Spool, Spools, Storage, UploadFile
from software_update.verify.bundle_file import check_lengths, verify_file, verify_metadata
from software_update.verify.device import Device

_T = TypeVar("_T")


@dataclass(frozen=True)
class Described:
    """A bundle file whose metadata a device accepts. Its payloads are not read yet."""

    path: str
    fd: int
    device: Device
    entry: CatalogEntry
    root: Root


def describe(path: str, fd: int, device: Device) -> Described:
    """Returns the catalog entry of a bundle file. Raises Refused if a device rejects its metadata.

    Raises InputError if it has no release manifest, without which no device finds it in a repository.
    """
    try:
        check_lengths(fd, device)
        envelope = read_envelope(fd)
        release = verify_metadata(envelope, read_user_manifest(fd, envelope), device)
    except Refused as refused:
        raise _in_file(refused, path) from None
    if release.manifest is None:
        raise InputError(
            f"{path}: has no release manifest, which devices choose by; make the bundle with one"
        )
    digest = hashlib.sha256(release.targets.serialized).hexdigest()
    entry = entry_of(release.manifest, digest, _first_part(fd))
    return Described(path, fd, device, entry, release.root)


def _in_file(refused: Refused, path: str) -> Refused:
    """Returns the same verdict, which names the file."""
    subject = f"{printable(path)}: {refused.subject}" if refused.subject else printable(path)
    return Refused(
        refused.verdict, refused.detail, role=refused.role, subject=subject, advice=refused.advice
    )


@dataclass(frozen=True)
class _File:
    """A bundle file, as the reader of heads wants it."""

    fd: int

    def size(self) -> int:
        return os.fstat(self.fd).st_size

    def read(self, offset: int, length: int) -> bytes:
        return os.pread(self.fd, length, offset)


def _first_part(fd: int) -> int:
    """Returns the length of metadata and release manifest, of which no byte is a payload's."""
    return read_head(_File(fd)).end


class Copied(NamedTuple):
    """A verified bundle for a storage: the copy or the file itself, its length in bytes, and its SHA-256.

    `payloads` are its payloads with their digests.
    """

    payload: Spool | UploadFile
    length: int
    sha256: str
    payloads: list[Payload]


def copy_verified(bundle: Described, storage: Storage) -> Copied:
    """Verifies the payloads, and copies the file if the storage spools.

    Such a storage gets the bytes first, and the copy is verified: the bytes that clients get. Its writing to
    the disk goes on meanwhile. Raises Refused if a device rejects the bundle.
    """
    if not isinstance(storage, Spools):
        file, payloads = _upload(bundle)
        return Copied(file, file.length, file.sha256, payloads)
    length = os.fstat(bundle.fd).st_size
    spool = storage.spool()
    try:
        with errors_name(storage.describe()):
            copy_range(bundle.fd, spool.fd, length)
            # The disk, and one core for each hash, at the same time.
            with _InThread(spool.sync), _InThread(lambda: _hash(spool.fd, length)) as hashing:
                payloads = _verified(bundle, spool.fd)
        return Copied(spool, length, hashing.result(), payloads)
    except BaseException:
        spool.abort()
        raise


def verified_upload(bundle: Described) -> UploadFile:
    """Verifies the payloads, and returns the file. Raises Refused if a device rejects the bundle."""
    return _upload(bundle)[0]


def _upload(bundle: Described) -> tuple[UploadFile, list[Payload]]:
    length = os.fstat(bundle.fd).st_size
    sha256 = _hash(bundle.fd, length)
    payloads = _verified(bundle, bundle.fd)
    return UploadFile(bundle.path, bundle.fd, length, sha256), payloads


def _verified(bundle: Described, fd: int) -> list[Payload]:
    try:
        verified = verify_file(fd, bundle.device)
    except Refused as refused:
        raise _in_file(refused, bundle.path) from None
    digest = hashlib.sha256(verified.release.targets.serialized).hexdigest()
    if digest != bundle.entry.release:
        raise InputError(
            f"{bundle.path}: was changed while it was read; do not write to it meanwhile"
        )
    return verified.payloads


def _hash(fd: int, length: int) -> str:
    return sha256_range(fd, 0, length, lambda _: None).hex()


class _InThread(Generic[_T]):
    """Runs a function in a thread, and waits for its end. Raises its error then."""

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work
        self._result: list[_T] = []
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self._result.append(self._work())
        except Exception as error:
            self._error = error

    def __enter__(self) -> "_InThread[_T]":
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._thread.join()
        if self._error and kind is None:
            raise self._error

    def result(self) -> _T:
        """Returns the result of the function, after its end."""
        return self._result[0]
