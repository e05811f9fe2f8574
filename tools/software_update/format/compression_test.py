"""Tests of compression.py."""

import itertools

import pytest

from software_update.format import limits
from software_update.format.compression import as_json, check_compression, check_frame
from software_update.format.messages import ZSTD, Compression, Target
from software_update.format.names import USER_MANIFEST
from software_update.format.verdicts import Refused, Verdict
from software_update.testing.zstd_frames import MAGIC, RESERVED, encode, frame, raw, rle, stored

SHA256 = bytes(range(32))
CONTENT = b"application"
GOOD = stored(CONTENT)
# The bytes that describe windows of 8 MiB, and of 8 MiB and an eighth.
WINDOW_8_MIB, WINDOW_9_MIB = 13 << 3, 13 << 3 | 1


def of(length: int = len(CONTENT), *, algorithm: int = ZSTD, sha256: bytes = SHA256) -> Compression:
    return Compression(algorithm, length, sha256)


def refusal(content: bytes, length: int = len(CONTENT)) -> str:
    """Returns the detail of the refusal of a frame, "" if it passes."""

    def read(offset: int, size: int) -> bytes:
        return content[offset : offset + size]

    try:
        check_frame(read, len(content), of(length))
    except Refused as refused:
        assert refused.verdict == Verdict.DECOMPRESSION_FAILED
        return refused.detail
    return ""


@pytest.mark.parametrize(
    ("target", "verdict", "detail"),
    [
        (Target.of("app", 1, SHA256, of(algorithm=0)), Verdict.DECOMPRESSION_FAILED, "0 is unkn"),
        (Target.of("app", 1, SHA256, of(algorithm=2)), Verdict.DECOMPRESSION_FAILED, "2 is unkn"),
        (
            Target.of("app", 1, SHA256, of(sha256=SHA256[:31])),
            Verdict.DECOMPRESSION_FAILED,
            "32 bytes",
        ),
        (Target.of("app", 1, SHA256, of(sha256=b"")), Verdict.DECOMPRESSION_FAILED, "32 bytes"),
        (Target.of(USER_MANIFEST, 1, SHA256, of()), Verdict.DECOMPRESSION_FAILED, "must not be"),
        (
            Target.of("app", 1, SHA256, of(limits.MAX_ORIGINAL_BYTES + 1)),
            Verdict.TOO_LARGE,
            "68719476737 bytes; at most 68719476736",
        ),
    ],
)
def test_refused_compression(target: Target, verdict: Verdict, detail: str) -> None:
    with pytest.raises(Refused, match=detail) as caught:
        check_compression(target)
    assert caught.value.verdict == verdict


def test_allowed_compression() -> None:
    check_compression(Target.of("app", 1, SHA256))
    check_compression(Target.of(USER_MANIFEST, 1, SHA256))
    check_compression(Target.of("app", 1, SHA256, of(0)))
    check_compression(Target.of("app", 1, SHA256, of(limits.MAX_ORIGINAL_BYTES)))


def test_json() -> None:
    described = {"algorithm": "zstd", "original_length": 7, "original_sha256": SHA256.hex()}
    assert as_json(of(7)) == described
    assert as_json(of(7, algorithm=9)) == {**described, "algorithm": "9"}


def test_good_frames() -> None:
    assert refusal(GOOD) == ""
    assert refusal(stored(b""), 0) == ""
    assert refusal(stored(bytes(200_000)), 200_000) == ""
    assert refusal(frame(300, [raw(b"x"), rle(b"x", 299)], window=0), 300) == ""
    assert refusal(frame(8 << 20, [raw(b"")], window=WINDOW_8_MIB), 8 << 20) == ""
    assert refusal(frame(11, [raw(CONTENT)], flags=0b100) + bytes(4)) == ""


@pytest.mark.parametrize(
    ("flags", "size_bytes", "stated"),
    [(0b0010_0000, 1, 11), (0b0110_0000, 2, 11 + 256), (0b1010_0000, 4, 11), (0b1110_0000, 8, 11)],
)
def test_content_size_in_each_width(flags: int, size_bytes: int, stated: int) -> None:
    size = (11).to_bytes(size_bytes, "little")
    content = MAGIC + bytes([flags]) + size + encode([raw(CONTENT)])
    assert refusal(content, stated) == ""
    assert refusal(content, stated + 1) == (
        f"the zstd frame contains {stated} bytes, the metadata lists {stated + 1}"
    )


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", "does not begin with a zstd frame"),
        (MAGIC, "does not begin with a zstd frame"),
        (b"\x50" + GOOD[1:], "does not begin with a zstd frame"),
        (frame(11, [raw(CONTENT)], flags=1), "the zstd frame needs a dictionary"),
        (frame(11, [raw(CONTENT)], flags=0b10), "the zstd frame needs a dictionary"),
        (frame(11, [raw(CONTENT)], flags=0b1000), "the zstd frame sets a reserved bit"),
        (frame(None, [raw(CONTENT)], window=0), "the zstd frame does not state its content size"),
        (
            frame(11, [raw(CONTENT)], window=WINDOW_9_MIB),
            f"the zstd frame has a window of {9 << 20} bytes; at most 8 MiB are allowed",
        ),
        (
            frame(11, [raw(b""), (RESERVED, 0, b"")]),
            "the zstd frame has a block of an unknown type",
        ),
        (GOOD + b"\0", "1 bytes follow the zstd frame"),
        (GOOD + GOOD, f"{len(GOOD)} bytes follow the zstd frame"),
        (frame(11, [raw(CONTENT)], flags=0b100) + bytes(3), "the zstd frame ends early"),
    ],
)
def test_refused_frame(content: bytes, detail: str) -> None:
    assert refusal(content) == detail


def test_content_larger_than_the_largest_window_in_a_single_segment() -> None:
    size = (8 << 20) + 1
    assert f"window of {size} bytes" in refusal(frame(size, [raw(b"")]), size)


def test_frame_that_ends_early_anywhere() -> None:
    content = frame(11, [rle(b"a", 1), raw(CONTENT[1:])])
    assert refusal(content) == ""
    details = {refusal(content[:end]) for end in range(5, len(content))}
    assert details == {"the zstd frame ends early"}


def test_window_is_the_one_of_the_specification() -> None:
    """RFC 8878, 3.1.1.1.2: from 1 KiB on, in eighths."""
    for exponent, mantissa in itertools.product(range(32), range(8)):
        window = (1 << (10 + exponent)) * (8 + mantissa) // 8
        content = frame(0, [raw(b"")], window=exponent << 3 | mantissa)
        assert (refusal(content, 0) == "") == (window <= limits.MAX_WINDOW_BYTES)
