"""Copies payloads of a bundle into a slot, decompressed, and continues a download after an interruption.

A download is read forward and costs time or money, so its bytes are put on the medium part by part, and a
file keeps how many there are. A payload in a file of the device is copied again from its beginning.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol

from software_update.base.errors import shown
from software_update.bundle.decompress import original_chunks_from
from software_update.bundle.envelope import Payload
from software_update.client.copying import Copy, copy_hashed
from software_update.client.fetched import Fetched, FetchedFile
from software_update.client.installer import (
    Installer,
    InstallError,
    PartWriter,
    ResumesTargets,
    TargetWriter,
)
from software_update.client.release import SlotTarget, slot_target
from software_update.client.source import OpenBundle
from software_update.client.system import File, Storage
from software_update.format.compression import check_compression
from software_update.format.messages import Target
from software_update.format.verdicts import Refused

CHUNK_BYTES = 1 << 20
# After a cut, at most 1 MiB is fetched again: the bytes since the last sync, the chunk that is being written,
# twice as many that a source has fetched ahead, and the head of the bundle.
FETCHED_CHUNK_BYTES = 64 * 1024
SYNCED_BYTES = 768 * 1024
SPOOL = "spool"


@dataclass(frozen=True, slots=True)
class Means:
    """The means of writing a slot.

    `folder` is the client's, for what is kept of a download. `on_progress` is called with numbers of bytes,
    and `copy` copies and hashes.
    """

    storage: Storage
    folder: str
    on_progress: Callable[[int], None]
    copy: Copy = copy_hashed


@dataclass(frozen=True, slots=True)
class Input:
    """A payload in a bundle. `expected_end` is the offset up to which the bundle is going to be read."""

    bundle: OpenBundle
    entry: Payload
    expected_end: int

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """Yields the payload's bytes from an offset of the payload on, once."""
        offset, end = self.entry.offset + start, self.entry.offset + self.entry.length
        if offset < end:
            self.bundle.expect(offset, self.expected_end - offset)
        most = CHUNK_BYTES if self.bundle.can_reread else FETCHED_CHUNK_BYTES
        while offset < end:
            chunk = self.bundle.read(offset, min(most, end - offset))
            offset += len(chunk)
            yield chunk

    def read_again(self, offset: int, length: int) -> bytes:
        """Returns at most `length` bytes from an offset of the payload on. Only if the bundle allows it."""
        rest = max(0, self.entry.length - offset)
        return self.bundle.read(self.entry.offset + offset, min(length, rest))


class SlotCopy:
    """Copies the targets of one release into one slot.

    `continues` says that the slot may have targets of the release from before an interruption.

    copy = SlotCopy(means, "main", "B", release_digest)
    copy.begin(installers)
    digest = copy.take(installer, target, Input(bundle, entry, bundle.size()))
    """

    def __init__(self, means: Means, domain: str, slot: str, release: str) -> None:
        self.means = means
        self.slot = slot
        self._file = FetchedFile(means.storage, means.folder)
        known = self._file.read(domain, slot, release)
        self._no_part = Fetched(domain, slot, release)
        # The part of a target that the file is about; that of the next one once this one is complete.
        self._kept = known or self._no_part
        self._saved = self.continues = known is not None
        # Targets are written in their order, so after one that was missing, none is complete.
        self._may_be_complete = self.continues

    def begin(self, installers: Iterable[Installer]) -> None:
        """Clears the slot, except for what can be continued."""
        if not self.continues:
            # It is about another release, whose bytes are going to be overwritten.
            self._file.remove()
        for each in installers:
            if not (self.continues and isinstance(each, ResumesTargets)):
                each.clear(self.slot)

    @property
    def part(self) -> str:
        """The target of which a part waits to be continued; empty if there is none."""
        return self._kept.target

    def has(self, installer: Installer, target: SlotTarget) -> bool:
        """Returns whether the slot has a whole target from before an interruption. Hashes it."""
        if not (self.continues and isinstance(installer, ResumesTargets)):
            return False
        chunks = read_target(installer, self.slot, target)
        try:
            installer.sync_target(self.slot, target.name)
            return self.means.copy(chunks, lambda _: None) == target.sha256
        except FileNotFoundError:
            return False

    def take(self, installer: Installer, target: Target, payload: Input) -> bytes:
        """Copies a payload into its place, unless it is there. Returns the SHA-256 of the payload."""
        part = self._part(installer, target, payload)
        start = 0 if part is None else self._length_of(part, target)
        if not start and self._may_be_complete and self.has(installer, slot_target(target)):
            self.means.on_progress(target.length)
            return target.sha256
        self._may_be_complete = False
        if part is None:
            return self._copy(installer, target, payload)
        if not self._saved or (not start and self._kept.spooled and part.spooled):
            # There is one spool, so the part of another target in it is lost.
            self._keep(self._no_part)
        digest = self._fetch(part, start, target, payload)
        if start and digest != target.sha256:
            self._keep(self._no_part)
            digest = self._fetch(part, 0, target, payload)
        if target.compression is not None:
            self._decompress(installer, target, digest, part.read)
        if self.part == target.name:
            # Another target may use the place of this part from now on.
            self._keep(self._no_part)
        return digest

    def _copy(self, installer: Installer, target: Target, payload: Input) -> bytes:
        """Copies a payload from its beginning, in one pass or two."""
        if target.compression is None:
            writer = installer.begin(self.slot, target.name, target.length)
            return self._write(writer, payload.chunks(), target)
        digest = self.means.copy(self._counted(payload.chunks()), lambda _: None)
        self._decompress(installer, target, digest, payload.read_again)
        return digest

    def _fetch(self, part: "_Part", start: int, target: Target, payload: Input) -> bytes:
        """Copies a payload into a part that has the first `start` bytes of it."""

        def save(length: int) -> None:
            # A part of a later target is kept instead: this one could not be continued before either.
            if self.part in ("", target.name):
                self._keep(
                    replace(self._no_part, target=target.name, length=length, spooled=part.spooled)
                )

        writer = _SavingWriter(part.resume(start), start, save)
        return self._write(writer, chain(_first(part, start), payload.chunks(start)), target)

    def _write(self, writer: TargetWriter, chunks: Iterable[bytes], target: Target) -> bytes:
        """Finishes a target if its payload has the listed digest. Returns the digest."""
        with _aborting(writer):
            digest = self.means.copy(self._counted(chunks), writer.write)
        if digest == target.sha256:
            writer.finish()
        else:
            writer.abort()
        return digest

    def _decompress(
        self,
        installer: Installer,
        target: Target,
        digest: bytes,
        read: Callable[[int, int], bytes],
    ) -> None:
        """Decompresses a payload into its place, if `digest` is the listed one.

        No other bytes reach the decompressor.
        """
        if target.compression is None or digest != target.sha256:
            return
        check_compression(target)
        writer = installer.begin(self.slot, target.name, target.original.length)
        with _aborting(writer):
            try:
                for chunk in original_chunks_from(read, target.length, target.compression):
                    writer.write(chunk)
            except Refused as refused:
                raise refused.about("", f"target '{shown(target.name)}'") from None
        writer.finish()

    def _part(self, installer: Installer, target: Target, payload: Input) -> "_Part | None":
        """Returns the place of a payload that is fetched; None if it cannot be continued."""
        if payload.bundle.can_reread:
            return None
        if target.compression is not None:
            return _Spool(self.means.storage, self.means.folder)
        if isinstance(installer, ResumesTargets):
            return _SlotPart(installer, self.slot, target)
        return None

    def _length_of(self, part: "_Part", target: Target) -> int:
        """Returns how many bytes of a target's payload a part has from before an interruption."""
        length = self._kept.length
        is_same = self.part == target.name and self._kept.spooled == part.spooled
        if not is_same or not 0 < length <= target.length:
            return 0
        try:
            return length if part.read(length - 1, 1) else 0
        except FileNotFoundError:
            return 0

    def _keep(self, part: Fetched) -> None:
        self._file.save(part)
        self._kept, self._saved = part, True

    def _counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.means.on_progress(len(chunk))
            yield chunk


class _Part(Protocol):
    """A place for the bytes of a payload that is fetched."""

    @property
    def spooled(self) -> bool:
        """True for the one place that all compressed payloads use."""

    def read(self, offset: int, length: int) -> bytes:
        """Returns at most `length` bytes, fewer at the end. Raises FileNotFoundError if there is no part."""

    def resume(self, offset: int) -> PartWriter:
        """Starts to write after the first `offset` bytes."""


@dataclass(frozen=True, slots=True)
class _SlotPart:
    """The place of a target in the slot."""

    installer: ResumesTargets
    slot: str
    target: Target
    spooled: bool = False

    def read(self, offset: int, length: int) -> bytes:
        return self.installer.read_part(self.slot, self.target.name, offset, length)

    def resume(self, offset: int) -> PartWriter:
        name, length = self.target.name, self.target.length
        return self.installer.resume(self.slot, name, length, offset)


@dataclass(frozen=True, slots=True)
class _Spool:
    """A file for a compressed payload: it is decompressed only when all of it has been verified."""

    storage: Storage
    folder: str
    spooled: bool = True

    def read(self, offset: int, length: int) -> bytes:
        file = self.storage.open(f"{self.folder}/{SPOOL}")
        try:
            return file.read(offset, length)
        finally:
            file.close()

    def resume(self, offset: int) -> PartWriter:
        file = self.storage.open_to_write(f"{self.folder}/{SPOOL}")
        try:
            file.truncate(offset)
        except OSError:
            file.close()
            raise
        return _SpoolWriter(self, file, offset)


class _SpoolWriter:
    def __init__(self, spool: _Spool, file: File, offset: int) -> None:
        self._spool = spool
        self._file = file
        self._end = offset

    def write(self, content: bytes | memoryview) -> None:
        self._file.write(self._end, content)
        self._end += len(content)

    def sync(self) -> None:
        self._file.sync()
        self._spool.storage.sync_folder(self._spool.folder)

    def finish(self) -> None:
        self._file.close()

    def abort(self) -> None:
        self._file.close()


class _SavingWriter:
    """Passes over the first `start` bytes, which are there, and saves how many are on the medium."""

    def __init__(self, writer: PartWriter, start: int, save: Callable[[int], None]) -> None:
        self._writer = writer
        self._start = start
        self._save = save
        self._end = 0
        self._synced = start

    def write(self, content: bytes | memoryview) -> None:
        self._end += len(content)
        if self._end <= self._start:
            return
        self._writer.write(content)
        if self._end - self._synced >= SYNCED_BYTES:
            self._writer.sync()
            self._save(self._end)
            self._synced = self._end

    def finish(self) -> None:
        self._writer.finish()

    def abort(self) -> None:
        self._writer.abort()


@contextlib.contextmanager
def _aborting(writer: TargetWriter) -> Iterator[None]:
    """Gives a target up if it fails."""
    try:
        yield
    except BaseException:
        writer.abort()
        raise


def _first(part: _Part, length: int) -> Iterator[bytes]:
    """Yields the first bytes of a part: exactly `length`, so that the next chunk begins after them."""
    offset = 0
    while offset < length:
        chunk = part.read(offset, min(CHUNK_BYTES, length - offset))
        if not chunk:
            raise InstallError("a part of a target became shorter while it was read")
        offset += len(chunk)
        yield chunk


def read_target(installer: Installer, slot: str, target: SlotTarget) -> Iterator[bytes]:
    """Yields the bytes of a target in a slot, as many as it has, from the medium."""
    offset = 0
    while offset < target.length:
        chunk = installer.read(slot, target.name, offset, min(CHUNK_BYTES, target.length - offset))
        if not chunk:
            return
        offset += len(chunk)
        yield chunk
