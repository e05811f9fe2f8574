"""Tests of writer.py."""

import errno
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from software_update.base.errors import InputError
from software_update.base.hashing import SMALL_BYTES
from software_update.base.progress import Progress
from software_update.bundle import writer
from software_update.bundle.writer import (
    PayloadFile,
    copy_ranges,
    draft_targets,
    plan_payloads,
    write_bundle,
)
from software_update.format.messages import Target
from software_update.testing import encode as e

CHUNK_BYTES = 1024 * 1024
ROOT_BYTES, TARGETS_BYTES = b"the signed root", b"targets: "


def content_of(size: int, salt: str = "") -> bytes:
    return hashlib.shake_128(f"{size}{salt}".encode()).digest(size)


def metadata_of(targets: list[Target]) -> tuple[bytes, bytes]:
    """Stands for the signed metadata; as long for any digests."""
    return ROOT_BYTES, TARGETS_BYTES + b"".join(each.sha256 for each in targets)


def write(
    fd: int,
    payloads: list[PayloadFile],
    chain: Sequence[bytes] = (),
    make: Callable[[list[Target]], tuple[bytes, bytes]] = metadata_of,
) -> list[Target]:
    return write_bundle(fd, payloads, make(draft_targets(payloads)), make, chain)


def expected(contents: dict[str, bytes]) -> bytes:
    digests = b"".join(hashlib.sha256(contents[name]).digest() for name in sorted(contents))
    return (
        e.root_entry(ROOT_BYTES) + e.targets_entry(TARGETS_BYTES + digests) + e.payloads(contents)
    )


def write_files(folder: Path, contents: dict[str, bytes]) -> list[tuple[str, str]]:
    folder.mkdir(exist_ok=True)
    pairs = []
    for index, (name, content) in enumerate(contents.items()):
        (folder / str(index)).write_bytes(content)
        pairs.append((name, str(folder / str(index))))
    return pairs


def written(payloads: list[PayloadFile]) -> bytes:
    with tempfile.TemporaryFile() as out:
        write(out.fileno(), payloads)
        return os.pread(out.fileno(), os.fstat(out.fileno()).st_size, 0)


def bundle_of(folder: Path, contents: dict[str, bytes]) -> bytes:
    return written(plan_payloads(write_files(folder, contents)))


def test_order_on_the_wire(tmp_path: Path) -> None:
    contents = {"b": b"bee", "a/b": b"nested", "B": b"", "a": b"x"}
    found = bundle_of(tmp_path, contents)
    assert found == expected(contents)
    places = [found.index(each) for each in (ROOT_BYTES, TARGETS_BYTES, b"nested", b"bee")]
    assert places == sorted(places)


def test_user_manifest_comes_before_the_other_payloads(tmp_path: Path) -> None:
    contents = {"z": b"last", "user_manifest": b"{}", "a/user_manifest": b"", "User_manifest": b"1"}
    found = bundle_of(tmp_path, contents)
    names = ("user_manifest", "User_manifest", "a/user_manifest", "z")
    assert found.endswith(b"".join(e.payload(name, contents[name]) for name in names))


@pytest.mark.parametrize(
    "size",
    [
        0,
        1,
        127,
        128,
        SMALL_BYTES - 1,
        SMALL_BYTES,
        SMALL_BYTES + 1,
        CHUNK_BYTES - 1,
        CHUNK_BYTES,
        CHUNK_BYTES + 1,
        2 * CHUNK_BYTES,
        5 * CHUNK_BYTES + 3,
    ],
)
def test_sizes(tmp_path: Path, size: int) -> None:
    contents = {"a": b"before", "b": content_of(size), "c": b"after"}
    assert bundle_of(tmp_path, contents) == expected(contents)


def test_small_and_large_in_turn(tmp_path: Path) -> None:
    sizes = (SMALL_BYTES + 1, 0, 3, SMALL_BYTES + 7, SMALL_BYTES, SMALL_BYTES * 3, 1)
    contents = {f"{index}": content_of(size, str(index)) for index, size in enumerate(sizes)}
    assert bundle_of(tmp_path, contents) == expected(contents)


def test_many_payloads(tmp_path: Path) -> None:
    contents = {f"file/{index:04}": content_of(index % 50, str(index)) for index in range(1500)}
    assert bundle_of(tmp_path, contents) == expected(contents)


def test_one_file_under_two_names(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"shared")
    pairs = [("a", str(tmp_path / "x")), ("b", str(tmp_path / "x"))]
    assert written(plan_payloads(pairs)) == expected({"a": b"shared", "b": b"shared"})


@settings(max_examples=20)
@given(
    st.dictionaries(
        st.text("abAB/.", min_size=1, max_size=4), st.binary(max_size=300), min_size=1, max_size=5
    )
)
def test_any_contents(contents: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert bundle_of(Path(folder), contents) == expected(contents)


def test_a_chain_of_roots(tmp_path: Path) -> None:
    payloads = plan_payloads(write_files(tmp_path, {"a": b"x"}))
    with tempfile.TemporaryFile() as out:
        write(out.fileno(), payloads, [b"root 2", b"root 3"])
        found = os.pread(out.fileno(), os.fstat(out.fileno()).st_size, 0)
    assert found == e.chain(b"root 2", b"root 3") + expected({"a": b"x"})


# Disks


def test_short_reads_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preadv, pwrite = os.preadv, os.pwrite

    def short_read(fd: int, buffers: list[memoryview], offset: int) -> int:
        return preadv(fd, [buffers[0][:100_001]], offset)

    def short_write(fd: int, content: memoryview, offset: int) -> int:
        return pwrite(fd, content[:70_001], offset)

    monkeypatch.setattr(os, "preadv", short_read)
    monkeypatch.setattr(os, "pwrite", short_write)
    contents = {"a": content_of(SMALL_BYTES * 2), "b": content_of(SMALL_BYTES + 1)}
    assert bundle_of(tmp_path, contents) == expected(contents)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("call", ["preadv", "pwrite"])
def test_errors_of_the_disk_are_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    payloads = plan_payloads(write_files(tmp_path, {"a": content_of(SMALL_BYTES + 1), "b": b"x"}))
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match=os.strerror(number)):
        written(payloads)


def test_an_error_ends_the_other_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "thread_count", lambda: 2)
    contents = {name: content_of(2 * CHUNK_BYTES, name) for name in "abcd"}
    payloads = plan_payloads(write_files(tmp_path, contents))
    first = os.stat(payloads[0].path).st_ino
    begun, stopped = threading.Event(), threading.Event()
    offsets: list[int] = []
    preadv, stop = os.preadv, Progress.stop

    def stop_and_tell(progress: Progress) -> None:
        stop(progress)
        stopped.set()

    def read(fd: int, buffers: list[memoryview], offset: int) -> int:
        if os.fstat(fd).st_ino == first:
            assert begun.wait(10)
            raise KeyboardInterrupt
        begun.set()
        assert stopped.wait(10)
        offsets.append(offset)
        return preadv(fd, buffers, offset)

    monkeypatch.setattr(Progress, "stop", stop_and_tell)
    monkeypatch.setattr(os, "preadv", read)
    with pytest.raises(KeyboardInterrupt):
        written(payloads)
    # No copy came to its second chunk.
    assert set(offsets) == {0}


# Sources that change


@pytest.fixture(params=[SMALL_BYTES // 2, SMALL_BYTES + 1, CHUNK_BYTES + 1])
def planned(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Path, list[PayloadFile]]]:
    path = tmp_path / "source"
    path.write_bytes(content_of(request.param))
    yield path, plan_payloads([("a", str(path)), ("b", str(path))])


def assert_changed(path: Path, payloads: list[PayloadFile]) -> None:
    with pytest.raises(InputError) as caught:
        written(payloads)
    assert str(caught.value) == (
        f"{path}: changed while it was read; let its writer finish, and try again"
    )


@pytest.mark.parametrize("change", [-1, 1, 1000])
def test_a_source_of_another_length(planned: tuple[Path, list[PayloadFile]], change: int) -> None:
    path, payloads = planned
    os.truncate(path, payloads[0].length + change)
    assert_changed(path, payloads)


def test_a_source_that_is_emptied(planned: tuple[Path, list[PayloadFile]]) -> None:
    path, payloads = planned
    os.truncate(path, 0)
    assert_changed(path, payloads)


def test_a_source_that_shrinks_half_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "source"
    path.write_bytes(content_of(2 * CHUNK_BYTES))
    payloads = plan_payloads([("a", str(path))])
    preadv = os.preadv

    def read_and_cut(fd: int, buffers: list[memoryview], offset: int) -> int:
        count = preadv(fd, buffers, offset)
        os.truncate(path, 1000)
        return count

    monkeypatch.setattr(os, "preadv", read_and_cut)
    assert_changed(path, payloads)


def test_the_bundle_contains_the_hashed_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source whose bytes change behind the copy: the digest is that of the bytes that were taken."""
    path = tmp_path / "source"
    before = content_of(2 * CHUNK_BYTES, "before")
    after = content_of(2 * CHUNK_BYTES, "after")
    path.write_bytes(before)
    payloads = plan_payloads([("a", str(path))])
    preadv = os.preadv

    def read_and_change(fd: int, buffers: list[memoryview], offset: int) -> int:
        count = preadv(fd, buffers, offset)
        path.write_bytes(after)
        return count

    monkeypatch.setattr(os, "preadv", read_and_change)
    taken = before[:CHUNK_BYTES] + after[CHUNK_BYTES:]
    assert written(payloads) == expected({"a": taken})


def test_no_buffer_is_filled_again_before_it_is_hashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = hashlib.sha256

    class Slow:
        def __init__(self) -> None:
            self.hasher = sha256()

        def update(self, content: memoryview) -> None:
            time.sleep(0.02)
            self.hasher.update(content)

        def digest(self) -> bytes:
            return self.hasher.digest()

    contents = {"a": content_of(5 * CHUNK_BYTES + 3)}
    right = expected(contents)
    payloads = plan_payloads(write_files(tmp_path, contents))
    monkeypatch.setattr(hashlib, "sha256", Slow)
    assert written(payloads) == right


def test_a_source_that_vanishes(tmp_path: Path) -> None:
    pairs = write_files(tmp_path, {"a": b"x"})
    payloads = plan_payloads(pairs)
    os.unlink(pairs[0][1])
    with pytest.raises(FileNotFoundError):
        written(payloads)


def test_sources_are_regular_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, problem in (("fifo", "not a regular file"), (".", "is a folder; give a file")):
        with pytest.raises(InputError, match=problem):
            plan_payloads([("a", str(tmp_path / name))])


def test_metadata_of_another_length_is_noticed(tmp_path: Path) -> None:
    payloads = plan_payloads(write_files(tmp_path, {"a": b"x"}))

    def growing(targets: list[Target]) -> tuple[bytes, bytes]:
        return ROOT_BYTES, bytes(1 if targets[0].sha256 == bytes(32) else 2)

    with (
        tempfile.TemporaryFile() as out,
        pytest.raises(AssertionError, match="length depends on the digests"),
    ):
        write(out.fileno(), payloads, make=growing)


# Parts of another file


def copied(path: Path, ranges: list[tuple[int, int]]) -> bytes:
    with open(path, "rb") as source, tempfile.TemporaryFile() as out:
        copy_ranges(source.fileno(), out.fileno(), ranges)
        return os.pread(out.fileno(), os.fstat(out.fileno()).st_size, 0)


def test_copy_ranges(tmp_path: Path) -> None:
    content = content_of(CHUNK_BYTES + 1000)
    (tmp_path / "source").write_bytes(content)
    size = len(content)
    for ranges in ([], [(0, size)], [(1, 1), (3, 900), (950, size - 1)], [(0, 5), (5, size)]):
        found = copied(tmp_path / "source", ranges)
        assert found == b"".join(content[start:end] for start, end in ranges)


def test_copy_beyond_the_end_fails(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"short")
    with pytest.raises(InputError, match="a file became shorter while it was read"):
        copied(tmp_path / "source", [(0, 6)])
