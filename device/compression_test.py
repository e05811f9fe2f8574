"""The device's checks of compressed payloads give the results of the Python ones."""

import ctypes
import hashlib
import itertools
import os
import random
from typing import Any

import zstandard
from software_update.bundle.decompress import original_chunks_from
from software_update.format import limits
from software_update.format.compression import check_compression, check_frame
from software_update.format.messages import ZSTD, Compression, Target
from software_update.format.names import USER_MANIFEST
from software_update.format.verdicts import Refused, Verdict
from software_update.testing.zstd_frames import (
    MAGIC,
    RESERVED,
    encode,
    frame,
    raw,
    rle,
    skippable,
    stored,
)

GOOD, DAMAGED, BEYOND, STORAGE_FAILED = range(4)
PIECES = (1, 2, 3, 64, 1 << 20)
CONTENT = b"application " * 40
ROOM = 1 << 20

_library = ctypes.CDLL(os.path.abspath(os.environ["LIBRARY"]))
_bytes, _size, _number = ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64
_Begin = ctypes.CFUNCTYPE(ctypes.c_int, _number)
_Step = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_uint8), _size)
_library.compression_verdict.argtypes = [ctypes.c_int, _number, _number, _size]
_library.frame_is_good.argtypes = [_bytes, _size, _size, _number, ctypes.POINTER(_number)]
_library.decompress.argtypes = [
    *(_bytes, _size, _size, _number, _bytes, _Begin, _Step, _bytes),
    *(_bytes, _size, ctypes.POINTER(_size)),
]


def frame_is_good(content: bytes, original_length: int, piece: int) -> bool:
    window = ctypes.c_uint64()
    return bool(
        _library.frame_is_good(content, len(content), piece, original_length, ctypes.byref(window))
    )


def check(content: bytes, original_length: int = len(CONTENT)) -> bool:
    """Compares both checks of a frame. Returns whether the frame is good."""

    def read(offset: int, length: int) -> bytes:
        return content[offset : offset + length]

    expected = True
    try:
        check_frame(read, len(content), Compression(ZSTD, original_length, bytes(32)))
    except Refused:
        expected = False
    for piece in PIECES:
        assert frame_is_good(content, original_length, piece) == expected, content
    return expected


def test_compression_of_a_target() -> None:
    for name, algorithm, length, size in itertools.product(
        (USER_MANIFEST, "app"),
        (0, ZSTD, 2, 2**32 - 1),
        (0, 1, limits.MAX_ORIGINAL_BYTES, limits.MAX_ORIGINAL_BYTES + 1, 2**64 - 1),
        (0, 31, 32, 33, 255),
    ):
        expected = Verdict.ACCEPT
        try:
            check_compression(
                Target.of(name, 1, bytes(32), Compression(algorithm, length, bytes(size)))
            )
        except Refused as refused:
            expected = refused.verdict
        found = _library.compression_verdict(name == USER_MANIFEST, algorithm, length, size)
        assert list(Verdict)[found] == expected


def frames() -> list[bytes]:
    """Frames with every part of the format, most of them good."""
    size = len(CONTENT)
    compressed = zstandard.ZstdCompressor(level=3, write_checksum=True).compress(CONTENT)
    return [
        stored(CONTENT),
        compressed,
        zstandard.ZstdCompressor(level=1).compress(CONTENT),
        frame(size, [raw(b"")], window=0),
        frame(size, [raw(b"x"), rle(b"x", 99), raw(b"")], window=13 << 3),
        frame(size, [raw(b"x")], window=13 << 3 | 1),
        frame(size, [raw(CONTENT)], flags=0b100) + bytes(4),
        frame(size, [raw(b"")], flags=0b100) + bytes(4),
        frame(size, [rle(b"x", size)], flags=0b1000),
        frame(size, [rle(b"x", size)], flags=0b1_0000),
        frame(size, [rle(b"x", size)], flags=1),
        frame(size, [rle(b"x", size)], flags=2),
        frame(None, [raw(CONTENT)], window=0),
        frame(size, [raw(b""), (RESERVED, 0, b"")]),
        skippable(b"x") + stored(CONTENT),
        stored(CONTENT) + skippable(b""),
        stored(CONTENT) + stored(CONTENT),
        MAGIC + b"\x60" + (size - 256).to_bytes(2, "little") + encode([raw(CONTENT)]),
        MAGIC + b"\xa0" + size.to_bytes(4, "little") + encode([raw(CONTENT)]),
        MAGIC + b"\x40\x00" + (size - 256).to_bytes(2, "little") + encode([raw(CONTENT)]),
        MAGIC + b"\x20" + bytes([size & 255]) + encode([raw(CONTENT)]),
    ]


def test_frames() -> None:
    assert sum(check(content) for content in frames()) == 11


def test_frames_that_end_early_or_late() -> None:
    for content in frames():
        for end in range(min(len(content), 60)):
            check(content[:end])
        for at in range(1, 9):
            check(content[:-at])
        check(content + b"\0")
        check(content, len(CONTENT) + 1)


def test_every_descriptor() -> None:
    """With every window, and every size in each width."""
    for descriptor in range(256):
        for header in (b"\x00", bytes([len(CONTENT) & 255]), b"\x68", b"\x69"):
            body = header + (len(CONTENT) - 256).to_bytes(8, "little") + encode([raw(b"ab")])
            for length in (len(CONTENT), len(CONTENT) - 256, len(CONTENT) & 255, 0x69, 0):
                check(MAGIC + bytes([descriptor]) + body, length)
    for window in range(256):
        check(frame(0, [raw(b"")], window=window), 0)
    for size in (8 << 20, (8 << 20) + 1, 2**64 - 1):
        check(frame(size, [raw(b"")]), size)


def test_random_frames() -> None:
    rng = random.Random(1)
    good = frames()
    for _ in range(3000):
        content = bytearray(rng.choice(good)[: rng.choice((24, 100, 1000))])
        for _ in range(rng.choice((1, 1, 2))):
            content[rng.randrange(min(len(content), 24))] = rng.choice(
                (0, 1, 3, 5, rng.randrange(256))
            )
        check(bytes(content))


# The product's decompressor


class Decompressor:
    """zstandard as a Decompressor of the C++ library."""

    def __init__(self, takes_window: bool) -> None:
        self.takes_window = takes_window
        self.windows: list[int] = []
        self.content = ctypes.create_string_buffer(ROOM)
        self.object = zstandard.ZstdDecompressor(max_window_size=1 << 23).decompressobj()

    def begin(self, window: int) -> int:
        self.windows.append(window)
        return 0 if self.takes_window else -1

    def step(self, data: Any, size: int) -> int:
        try:
            content = self.object.decompress(bytes(data[:size]))
        except zstandard.ZstdError:
            return -1
        ctypes.memmove(self.content, content, len(content))
        return len(content)


def decompress(
    payload: bytes,
    original: bytes = CONTENT,
    *,
    piece: int = 64,
    capacity: int = ROOM,
    takes_window: bool = True,
) -> tuple[int, bytes]:
    """The result, and the content that the sink got."""
    source = Decompressor(takes_window)
    content, size = ctypes.create_string_buffer(capacity), ctypes.c_size_t()
    result = _library.decompress(
        *(payload, len(payload), piece, len(original), hashlib.sha256(original).digest()),
        *(_Begin(source.begin), _Step(source.step), source.content),
        *(content, capacity, ctypes.byref(size)),
    )
    assert len(source.windows) <= 1
    return result, content.raw[: size.value]


def of_python(payload: bytes, original: bytes) -> int:
    def read(offset: int, length: int) -> bytes:
        return payload[offset : offset + length]

    compression = Compression(ZSTD, len(original), hashlib.sha256(original).digest())
    try:
        for _ in original_chunks_from(read, len(payload), compression):
            pass
    except Refused as refused:
        assert refused.verdict == Verdict.DECOMPRESSION_FAILED
        return DAMAGED
    return GOOD


def test_content_in_pieces() -> None:
    payload = zstandard.ZstdCompressor(write_checksum=True).compress(CONTENT)
    for piece in PIECES:
        assert decompress(payload, piece=piece) == (GOOD, CONTENT)
    assert decompress(stored(b""), b"") == (GOOD, b"")


def test_other_content_than_the_listed_original() -> None:
    for original in (CONTENT + b"x", CONTENT[:-1], CONTENT[:-1] + b"x"):
        for payload in (stored(CONTENT), frame(len(original), [raw(CONTENT)])):
            for piece in PIECES:
                result, content = decompress(payload, original, piece=piece)
                assert result == DAMAGED == of_python(payload, original)
                assert len(content) <= len(original)


def test_damaged_frames() -> None:
    """A flip of each bit, and a cut at each byte."""
    payload = zstandard.ZstdCompressor(write_checksum=True).compress(CONTENT)
    changed = [payload[:end] for end in range(len(payload))]
    for at, byte in enumerate(payload):
        changed += [payload[:at] + bytes([byte ^ 1 << bit]) + payload[at + 1 :] for bit in range(8)]
    for each in changed:
        assert decompress(each)[0] == of_python(each, CONTENT)


def test_a_window_that_the_decompressor_does_not_take() -> None:
    assert decompress(stored(CONTENT), takes_window=False) == (BEYOND, b"")
    assert decompress(b"x" + stored(CONTENT), takes_window=False) == (DAMAGED, b"")


def test_storage_that_fails() -> None:
    assert decompress(stored(CONTENT), capacity=len(CONTENT) - 1)[0] == STORAGE_FAILED
    assert decompress(stored(CONTENT), capacity=len(CONTENT)) == (GOOD, CONTENT)
