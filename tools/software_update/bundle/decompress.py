"""Decompresses payloads, in bounded memory.

    for chunk in original_chunks(fd, payload, target.compression):
        out.write(chunk)

zstandard is imported when the first payload is decompressed: most bundles need none.
"""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from software_update.base.files import BecameShorter
from software_update.bundle.envelope import Payload
from software_update.format import limits
from software_update.format.compression import check_frame
from software_update.format.messages import Compression
from software_update.format.verdicts import Refused, Verdict

if TYPE_CHECKING:
    from zstandard import ZstdDecompressor

CHUNK_BYTES = 256 * 1024
# Each decompressor takes a window of up to 8 MiB, and the process less than 64 MiB. They are used again,
# because a thread that frees a window does not give its memory back to the system.
_slots = threading.BoundedSemaphore(2)
_idle: "list[ZstdDecompressor]" = []


class _Source(NamedTuple):
    """The bytes of a payload as a file for zstandard, which stops at the end of the payload.

    `read_at` returns at most so many bytes from an offset on.
    """

    read_at: Callable[[int, int], bytes]
    length: int
    position: list[int]

    def read(self, size: int) -> bytes:
        start = self.position[0]
        wanted = min(size, self.length - start)
        chunk = self.read_at(start, wanted)
        if wanted and not chunk:
            raise BecameShorter
        self.position[0] += len(chunk)
        return chunk


def original_chunks(fd: int, payload: Payload, compression: Compression) -> Iterator[bytes]:
    """Yields the content of a compressed payload of the bundle file `fd`, as `original_chunks_from`."""

    def read(offset: int, length: int) -> bytes:
        return os.pread(fd, max(0, min(length, payload.length - offset)), payload.offset + offset)

    return original_chunks_from(read, payload.length, compression)


def original_chunks_from(
    read: Callable[[int, int], bytes], length: int, compression: Compression
) -> Iterator[bytes]:
    """Yields the content of a compressed payload of `length` bytes, at most 256 KiB at a time.

    `read` returns at most so many bytes from an offset of the payload on. Never yields more than
    `compression` lists. Raises Refused with DECOMPRESSION_FAILED, at the latest after the last chunk, if
    the content is not the listed original. Check `compression` before.
    """
    check_frame(read, length, compression)
    source = _Source(read, length, [0])
    hasher, left = hashlib.sha256(), compression.original_length
    # Closed before another thread begins, so that the decompressor is free again.
    with _slots, contextlib.closing(_decompressed(source)) as chunks:
        for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                raise _failed("its content is longer than the original that the metadata lists")
            hasher.update(chunk)
            yield chunk
    # A shorter content has another digest.
    if hasher.digest() != compression.original_sha256:
        raise _failed("the SHA-256 of its content is not the original one in the metadata")


def content_problem(
    fd: int, payload: Payload, compression: Compression, on_chunk: Callable[[int], None]
) -> str:
    """Decompresses a payload and drops its content. Returns why it is not the listed original, "" if it is.

    Tells `on_chunk` the length of each chunk of the content.
    """
    try:
        for chunk in original_chunks(fd, payload, compression):
            on_chunk(len(chunk))
    except Refused as refused:
        return refused.detail
    return ""


def _decompressed(source: _Source) -> Generator[bytes, None, None]:
    import zstandard

    try:
        decompressor = _idle.pop()
    except IndexError:
        decompressor = zstandard.ZstdDecompressor(max_window_size=limits.MAX_WINDOW_BYTES)
    try:
        with decompressor.stream_reader(cast("BinaryIO", source), read_size=CHUNK_BYTES) as reader:
            while chunk := reader.read(CHUNK_BYTES):
                yield chunk
    except zstandard.ZstdError:
        raise _failed("the zstd frame is damaged") from None
    finally:
        _idle.append(decompressor)


def _failed(detail: str) -> Refused:
    return Refused(Verdict.DECOMPRESSION_FAILED, detail)
