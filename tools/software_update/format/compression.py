"""Checks how a target says that its payload is compressed, and the frame that the payload must be. Pure.

A payload is one zstd frame (RFC 8878, 3.1.1) whose header states the length of the content. Every other
form is rejected: another frame, a skippable frame or other bytes after it, a dictionary, a large window.
"""

from collections.abc import Callable
from typing import Any

from software_update.format import limits
from software_update.format.messages import (
    COMPRESSION_ALGORITHMS,
    SHA256_BYTES,
    ZSTD,
    Compression,
    Target,
)
from software_update.format.names import USER_MANIFEST
from software_update.format.verdicts import Refused, Verdict

# The longest header of a frame: magic number, descriptor, window, dictionary id and content size.
_MAX_HEADER_BYTES = 18
_BLOCK_HEADER_BYTES = 3
_CHECKSUM_BYTES = 4
_MAGIC = b"\x28\xb5\x2f\xfd"
_RLE, _RESERVED = 1, 3
# The number of bytes of the content size, by the first two bits of the descriptor.
_SIZE_BYTES = (0, 2, 4, 8)


def as_json(compression: Compression) -> dict[str, Any]:
    """Returns a target's compression as JSON documents have it."""
    algorithm, length, sha256 = compression
    return {
        "algorithm": COMPRESSION_ALGORITHMS.get(algorithm, str(algorithm)),
        "original_length": length,
        "original_sha256": sha256.hex(),
    }


def check_compression(target: Target) -> None:
    """Raises Refused if no device can decompress the payload of `target`, or accepts its original length."""
    compression = target.compression
    if compression is None:
        return
    if target.name == USER_MANIFEST:
        raise _failed("the user_manifest must not be compressed")
    if compression.algorithm != ZSTD:
        raise _failed(f"the compression algorithm {compression.algorithm} is unknown")
    if len(compression.original_sha256) != SHA256_BYTES:
        raise _failed("the original SHA-256 must have 32 bytes")
    if compression.original_length > limits.MAX_ORIGINAL_BYTES:
        raise Refused(
            Verdict.TOO_LARGE,
            f"the original has {compression.original_length} bytes; "
            f"at most {limits.MAX_ORIGINAL_BYTES} are allowed",
        )


def check_frame(read: Callable[[int, int], bytes], length: int, compression: Compression) -> None:
    """Raises Refused unless a payload of `length` bytes is one frame with the content of `compression`.

    `read(offset, length)` returns bytes of the payload, fewer only at its end. It does not decompress:
    blocks that are damaged inside pass.
    """
    header = read(0, _MAX_HEADER_BYTES)
    position, has_checksum = _check_header(header, compression)
    last = False
    while not last:
        block = read(position, _BLOCK_HEADER_BYTES)
        if len(block) < _BLOCK_HEADER_BYTES:
            raise _failed("the zstd frame ends early")
        number = int.from_bytes(block, "little")
        last, kind, size = bool(number & 1), number >> 1 & 3, number >> 3
        if kind == _RESERVED:
            raise _failed("the zstd frame has a block of an unknown type")
        position += _BLOCK_HEADER_BYTES + (1 if kind == _RLE else size)
    position += _CHECKSUM_BYTES if has_checksum else 0
    if position > length:
        raise _failed("the zstd frame ends early")
    if position < length:
        raise _failed(f"{length - position} bytes follow the zstd frame")


def _check_header(header: bytes, compression: Compression) -> tuple[int, bool]:
    """Checks the header of a frame. Returns its length, and whether the frame ends with a checksum."""
    if header[:4] != _MAGIC or len(header) == 4:
        raise _failed("does not begin with a zstd frame")
    descriptor = header[4]
    has_window, position = not descriptor >> 5 & 1, 5
    if descriptor & 0b11:
        raise _failed("the zstd frame needs a dictionary")
    if descriptor & 0b1000:
        raise _failed("the zstd frame sets a reserved bit")
    size_bytes = _SIZE_BYTES[descriptor >> 6] or (0 if has_window else 1)
    if not size_bytes:
        raise _failed("the zstd frame does not state its content size")
    end = position + has_window + size_bytes
    if len(header) < end:
        raise _failed("the zstd frame ends early")
    size = int.from_bytes(header[end - size_bytes : end], "little") + (
        256 if size_bytes == 2 else 0
    )
    window = _window(header[position]) if has_window else size
    if size != compression.original_length:
        raise _failed(
            f"the zstd frame contains {size} bytes, the metadata lists {compression.original_length}"
        )
    if window > limits.MAX_WINDOW_BYTES:
        raise _failed(f"the zstd frame has a window of {window} bytes; at most 8 MiB are allowed")
    return end, bool(descriptor & 0b100)


def _window(descriptor: int) -> int:
    base: int = 1 << 10 + (descriptor >> 3)
    return base + base // 8 * (descriptor & 7)


def _failed(detail: str) -> Refused:
    return Refused(Verdict.DECOMPRESSION_FAILED, detail)
