"""Hashes in a second thread, while the first one reads and writes: a target is copied as fast as by `dd`."""

import hashlib
import queue
import threading
from collections.abc import Callable, Iterable

# Chunks that may wait for the second thread; each has at most 1 MiB.
_WAITING = 4


def copy_in_two_threads(chunks: Iterable[bytes], write: Callable[[bytes], None]) -> bytes:
    """Gives each chunk to `write`, and returns the SHA-256 of all. Raises what these two raise."""
    hasher = hashlib.sha256()
    waiting: queue.Queue[bytes | None] = queue.Queue(_WAITING)

    def hash_all() -> None:
        while (chunk := waiting.get()) is not None:
            hasher.update(chunk)

    thread = threading.Thread(target=hash_all, name="hash", daemon=True)
    thread.start()
    try:
        for chunk in chunks:
            waiting.put(chunk)
            write(chunk)
    finally:
        waiting.put(None)
        thread.join()
    return hasher.digest()
