"""Tests of digest.py."""

import hashlib
import json
import os
import threading
import time
from pathlib import Path

import pytest

from software_update import digest
from software_update.errors import InputError
from software_update.metadata import Target
from software_update.progress import Stopped

SIZES = (
    0,
    1,
    digest.CHUNK_BYTES - 1,
    digest.CHUNK_BYTES,
    digest.CHUNK_BYTES + 1,
    3 * digest.CHUNK_BYTES + 7,
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
    assert digest.digest_files(paths) == [
        (len(content), hashlib.sha256(content).digest()) for content in contents
    ]
    for path, content in zip(paths, contents, strict=True):
        assert digest.digest_files([path]) == [(len(content), hashlib.sha256(content).digest())]
    assert digest.digest_files([]) == []


@pytest.mark.parametrize("size", SIZES)
def test_sha256_range(tmp_path: Path, size: int) -> None:
    content = content_of(size)
    counts: list[int] = []
    with open(write(tmp_path, b"before" + content + b"after"), "rb") as file:
        found = digest.sha256_range(file.fileno(), 6, size, counts.append)
        assert file.tell() == 0
    assert found == hashlib.sha256(content).digest()
    assert sum(counts) == size


def test_a_file_that_ends_early(tmp_path: Path) -> None:
    with (
        open(write(tmp_path, b"abc"), "rb") as file,
        pytest.raises(InputError, match="became shorter while it was read"),
    ):
        digest.sha256_range(file.fileno(), 1, 3, lambda _: None)


def test_the_first_bad_file_is_named(tmp_path: Path) -> None:
    good = write(tmp_path, b"x")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InputError, match="fifo: not a regular file"):
        digest.digest_files([good, str(tmp_path / "fifo"), good])


def test_record() -> None:
    sha256 = hashlib.sha256(b"x").digest()
    record = digest.write_record([("b", 2, sha256), ("a", 1, sha256)])
    assert record.endswith(b"}\n")
    assert json.loads(record) == {
        "schema": "software_update.digests.v1",
        "targets": [
            {"name": "a", "length": 1, "sha256": sha256.hex()},
            {"name": "b", "length": 2, "sha256": sha256.hex()},
        ],
    }
    assert digest.read_record("r", record) == [Target("a", 1, sha256), Target("b", 2, sha256)]


def entry(**changes: object) -> dict[str, object]:
    return {"name": "a", "length": 1, "sha256": "00" * 32, **changes}


def record_of(*targets: object) -> bytes:
    return json.dumps({"schema": digest.RECORD_SCHEMA, "targets": list(targets)}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"schema": "software_update.digests.v2", "targets": []}',
        b'{"schema": "software_update.digests.v1"}',
        b'{"schema": "software_update.digests.v1", "targets": 1}',
        b'{"schema": "software_update.digests.v1", "targets": ["a"]}',
        b"[" * 32,
        record_of({"name": "a", "length": 1}),
        record_of(entry(name="../a")),
        record_of(entry(name="")),
        record_of(entry(name=7)),
        record_of(entry(name=None)),
        record_of(entry(length=-1)),
        record_of(entry(length=2**64)),
        record_of(entry(length=1.5)),
        record_of(entry(length=1e300)),
        record_of(entry(length=float("inf"))),
        record_of(entry(length=float("nan"))),
        record_of(entry(length=True)),
        record_of(entry(length="1")),
        record_of(entry(sha256="00" * 31)),
        record_of(entry(sha256="zz" * 32)),
        record_of(entry(sha256=" ".join(["00"] * 32))),
        record_of(entry(sha256=7)),
    ],
    ids=range(27),
)
def test_bad_records(content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        digest.read_record("my record", content)
    assert str(caught.value) == (
        "my record: not a digest record (software_update.digests.v1); "
        "make it with: software-update step digest"
    )


def test_duplicate_keys_in_records() -> None:
    for content, key in (
        (record_of(entry())[:-1] + b', "targets": []}', "targets"),
        (record_of(entry()).replace(b'"length"', b'"name": "b", "length"'), "name"),
    ):
        with pytest.raises(InputError, match=f"^my record: has the key '{key}' twice in one obj"):
            digest.read_record("my record", content)


def test_the_largest_length() -> None:
    [target] = digest.read_record("r", record_of(entry(length=2**63 - 1)))
    assert target.length == 2**63 - 1


def test_few_threads() -> None:
    assert 1 <= digest.thread_count() <= digest.MAX_THREADS


LARGE = digest.SMALL_BYTES + 1


@pytest.mark.parametrize(
    "lengths", [[], [1], [LARGE], [LARGE, 1], [1, LARGE, 2, LARGE, 3, LARGE], [LARGE] * 40]
)
def test_hash_each_keeps_the_order(lengths: list[int]) -> None:
    found = digest.hash_each("test", lengths, lambda index, _: (index, lengths[index]))
    assert found == list(enumerate(lengths))


def test_several_large_ones_are_hashed_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "thread_count", lambda: 2)
    both = threading.Barrier(2, timeout=10)
    # Neither ends before the other has begun.
    assert digest.hash_each("test", [LARGE, LARGE], lambda *_: both.wait() >= 0) == [True, True]


def test_an_error_ends_what_has_begun_and_begins_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(digest, "thread_count", lambda: 1)
    begun: list[int] = []
    ended: list[int] = []
    first = threading.Event()

    def work(index: int, on_chunk: digest.OnChunk) -> None:
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
        digest.hash_each("test", [1, LARGE, LARGE, LARGE], work)
    assert sorted(begun) == [0, 1]
    assert ended == [1]
