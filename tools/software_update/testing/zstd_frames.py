"""Encodes zstd frames byte by byte (RFC 8878, 3.1.1), also ones that no compressor writes.

frame(4, [raw(b"ap"), rle(b"p", 1), raw(b"")])
"""

from collections.abc import Sequence

MAGIC = b"\x28\xb5\x2f\xfd"
RAW, RLE, COMPRESSED, RESERVED = range(4)

# The kind, the size in the header, and the bytes that follow.
Block = tuple[int, int, bytes]


def raw(content: bytes) -> Block:
    """A block that contains its content as it is."""
    return RAW, len(content), content


def rle(byte: bytes, times: int) -> Block:
    """A block of one byte many times."""
    return RLE, times, byte


def frame(
    size: int | None, blocks: Sequence[Block], *, window: int | None = None, flags: int = 0
) -> bytes:
    """A frame that states a content size of `size` bytes, in eight bytes.

    `window` is the byte that describes the window; without it, the window is the content. `flags` are
    more bits of the descriptor.
    """
    descriptor = flags | (0 if window is not None else 0b10_0000)
    content_size = b""
    if size is not None:
        descriptor |= 0b1100_0000
        content_size = size.to_bytes(8, "little")
    header = MAGIC + bytes([descriptor]) + (b"" if window is None else bytes([window]))
    return header + content_size + encode(blocks)


def encode(blocks: Sequence[Block]) -> bytes:
    """The blocks of a frame; the last one says so."""
    return b"".join(
        ((size << 3) | (kind << 1) | (index == len(blocks) - 1)).to_bytes(3, "little") + content
        for index, (kind, size, content) in enumerate(blocks)
    )


def stored(content: bytes) -> bytes:
    """A good frame with the content, which it does not compress."""
    pieces = [content[start : start + 65536] for start in range(0, len(content), 65536)]
    return frame(len(content), [raw(each) for each in pieces or [b""]])


def skippable(content: bytes) -> bytes:
    """A skippable frame."""
    return b"\x50\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content
