"""Tests of hashing.py."""

import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from software_update.base import hashing
from software_update.base.errors import InputError
from software_update.base.progress import Stopped

SIZES = (
    0,
    1,
    hashing.CHUNK_BYTES - 1,
    hashing.CHUNK_BYTES,
    hashing.CHUNK_BYTES + 1,
    3 * hashing.CHUNK_BYTES + 7,
)


def write(folder: Path, content: bytes, name: str = "file") -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def content_of(size: int) -> bytes:
    return hashlib.shake_128(str(size).encode()).digest(size)


def test_digest_files_in_order(tmp_path: Path) -> None:
    contents = [content_of(size) for size in SIZES] * 3
    paths = [write(tmp_path, content, str(i)) for i, content in enumerate(contents)]
    assert hashing.digest_files(paths) == [
        (len(content), hashlib.sha256(content).digest()) for content in contents
    ]
    for path, content in zip(paths, contents, strict=True):
        assert hashing.digest_files([path]) == [(len(content), hashlib.sha256(content).digest())]
    assert hashing.digest_files([]) == []


@pytest.mark.parametrize("size", SIZES)
def test_sha256_range(tmp_path: Path, size: int) -> None:
    content = content_of(size)
    counts: list[int] = []
    with open(write(tmp_path, b"before" + content + b"after"), "rb") as file:
        found = hashing.sha256_range(file.fileno(), 6, size, counts.append)
        assert file.tell() == 0
    assert found == hashlib.sha256(content).digest()
    assert sum(counts) == size


def test_a_file_that_ends_early(tmp_path: Path) -> None:
    with (
        open(write(tmp_path, b"abc"), "rb") as file,
        pytest.raises(InputError, match="became shorter while it was read"),
    ):
        hashing.sha256_range(file.fileno(), 1, 3, lambda _: None)


def test_the_first_bad_file_is_named(tmp_path: Path) -> None:
    good = write(tmp_path, b"x")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InputError, match="fifo: not a regular file"):
        hashing.digest_files([good, str(tmp_path / "fifo"), good])


def test_few_threads() -> None:
    assert 1 <= hashing.thread_count() <= hashing.MAX_THREADS


LARGE = hashing.SMALL_BYTES + 1


@pytest.mark.parametrize(
    "lengths", [[], [1], [LARGE], [LARGE, 1], [1, LARGE, 2, LARGE, 3, LARGE], [LARGE] * 40]
)
def test_hash_each_keeps_the_order(lengths: list[int]) -> None:
    found = hashing.hash_each("test", lengths, lambda index, _: (index, lengths[index]))
    assert found == list(enumerate(lengths))


def test_several_large_ones_are_hashed_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "thread_count", lambda: 2)
    both = threading.Barrier(2, timeout=10)
    # Neither ends before the other has begun.
    assert hashing.hash_each("test", [LARGE, LARGE], lambda *_: both.wait() >= 0) == [True, True]


def test_error_ends_started_work_and_starts_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hashing, "thread_count", lambda: 1)
    begun: list[int] = []
    ended: list[int] = []
    first = threading.Event()

    def work(index: int, on_chunk: hashing.OnChunk) -> None:
        begun.append(index)
        if index == 0:
            assert first.wait(10)
            raise KeyboardInterrupt
        first.set()
        try:
            for _ in range(10_000):
                time.sleep(0.001)
                on_chunk(1)
        except Stopped:
            ended.append(index)

    with pytest.raises(KeyboardInterrupt):
        hashing.hash_each("test", [1, LARGE, LARGE, LARGE], work)
    assert sorted(begun) == [0, 1]
    assert ended == [1]
