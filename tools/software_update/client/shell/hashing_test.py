"""Tests that two threads copy and hash the same as one, and that none is left."""

import hashlib
import threading
from collections.abc import Iterator

import pytest

from software_update.client.copying import copy_hashed
from software_update.client.shell.hashing import copy_in_two_threads


@pytest.mark.parametrize("count", [0, 1, 3, 100])
def test_two_threads_give_the_same_as_one(count: int) -> None:
    chunks = [bytes([number]) * 10_000 for number in range(count)]
    written: list[bytes] = []
    digest = copy_in_two_threads(iter(chunks), written.append)
    assert written == chunks
    assert digest == copy_hashed(chunks, lambda _: None)
    assert digest == hashlib.sha256(b"".join(chunks)).digest()


def test_failures_end_the_second_thread() -> None:
    before = threading.active_count()

    def read() -> Iterator[bytes]:
        yield b"a"
        raise OSError(5, "Input/output error")

    def write(chunk: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="Input/output"):
        copy_in_two_threads(read(), lambda _: None)
    with pytest.raises(OSError, match="No space left"):
        copy_in_two_threads([b"a"] * 100, write)
    assert threading.active_count() == before


def test_few_chunks_wait_for_the_second_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed, read = threading.Semaphore(0), 0

    class SlowHash:
        def update(self, chunk: bytes) -> None:
            allowed.acquire()

        def digest(self) -> bytes:
            return b""

    def chunks() -> Iterator[bytes]:
        nonlocal read
        for _ in range(50):
            read += 1
            yield b"a"

    monkeypatch.setattr(hashlib, "sha256", SlowHash)
    copy = threading.Thread(target=copy_in_two_threads, args=(chunks(), lambda _: None))
    copy.start()
    copy.join(0.2)
    assert read <= 6
    allowed.release(50)
    copy.join(20)
    assert read == 50
