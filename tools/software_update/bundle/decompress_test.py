"""Tests of decompress.py."""

import os
from pathlib import Path

import pytest

from software_update.base import files
from software_update.bundle.decompress import CHUNK_BYTES, content_problem, original_chunks
from software_update.bundle.envelope import Payload
from software_update.format.messages import ZSTD, Compression
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.zstd_frames import COMPRESSED, Block, frame, raw, rle, stored

CONTENT = bytes(range(256)) * 3000


def original(content: bytes) -> Compression:
    return Compression(ZSTD, len(content), e.sha256(content))


def problem(folder: Path, payload: bytes, compression: Compression) -> str:
    """Returns the problem of a payload that has other bytes before and after it."""
    path = folder / "a.bundle"
    path.write_bytes(b"before" + payload + b"after")
    with files.open_input(str(path)) as fd:
        place = Payload("app", 6, len(payload))
        counted: list[int] = []
        found = content_problem(fd, place, compression, counted.append)
        assert found or sum(counted) == compression.original_length
        return found


def test_content_is_the_original(tmp_path: Path) -> None:
    path = tmp_path / "payload"
    path.write_bytes(stored(CONTENT))
    with files.open_input(str(path)) as fd:
        payload = Payload("app", 0, path.stat().st_size)
        chunks = list(original_chunks(fd, payload, original(CONTENT)))
    assert b"".join(chunks) == CONTENT
    assert max(map(len, chunks)) <= CHUNK_BYTES


@pytest.mark.parametrize("content", [b"", b"x", CONTENT])
def test_no_problem(tmp_path: Path, content: bytes) -> None:
    assert problem(tmp_path, stored(content), original(content)) == ""


def test_frame_is_checked_first(tmp_path: Path) -> None:
    detail = "1 bytes follow the zstd frame"
    assert problem(tmp_path, stored(b"x") + b"!", original(b"x")) == detail


@pytest.mark.parametrize(
    ("blocks", "detail"),
    [
        ([(COMPRESSED, 3, b"\xff\xff\xff")], "the zstd frame is damaged"),
        ([raw(b"appl")], "the zstd frame is damaged"),
        ([raw(b"application and more")], "the zstd frame is damaged"),
        ([raw(b"applicatiom")], "the SHA-256 of its content is not the original one"),
    ],
)
def test_content_that_is_not_the_original(tmp_path: Path, blocks: list[Block], detail: str) -> None:
    payload = frame(11, blocks)
    assert problem(tmp_path, payload, original(b"application")).startswith(detail)


def test_reading_stops_at_the_first_byte_too_many(tmp_path: Path) -> None:
    """25 GiB of content in 800 KiB: reading all of it would take a minute."""
    bomb = frame(4 << 20, [rle(b"a", 128 * 1024)] * 200_000, window=10 << 3)
    assert problem(tmp_path, bomb, original(b"a" * (4 << 20))) == (
        "its content is longer than the original that the metadata lists"
    )


def test_file_that_becomes_shorter(tmp_path: Path) -> None:
    path = tmp_path / "payload"
    path.write_bytes(stored(CONTENT))
    with files.open_input(str(path)) as fd:
        chunks = original_chunks(fd, Payload("app", 0, path.stat().st_size), original(CONTENT))
        next(chunks)
        os.truncate(path, 1000)
        with pytest.raises(files.BecameShorter):
            list(chunks)


def test_refusal_names_no_target(tmp_path: Path) -> None:
    path = tmp_path / "payload"
    path.write_bytes(b"")
    with files.open_input(str(path)) as fd, pytest.raises(Refused) as caught:
        list(original_chunks(fd, Payload("app", 0, 0), original(b"")))
    assert (caught.value.verdict, caught.value.subject) == (Verdict.DECOMPRESSION_FAILED, "")
