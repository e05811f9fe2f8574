"""SHA-256 of files, several at a time, in bounded memory."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from software_update.base.files import input_length, open_input, read_range
from software_update.base.progress import Progress

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


CHUNK_BYTES = 256 * 1024
# Below this a thread costs more than it saves.
SMALL_BYTES = 512 * 1024
# Each has buffers; more of them would wait for the disk.
MAX_THREADS = 8

_RESULT = TypeVar("_RESULT")
# Gets the length of each chunk that was hashed.
OnChunk: TypeAlias = Callable[[int], None]


def thread_count() -> int:
    """Returns the number of threads for large files: one for each core, few enough to bound memory."""
    return min(os.cpu_count() or 1, MAX_THREADS)


@contextlib.contextmanager
def large_file_threads(count: int, stop: Callable[[], None]) -> "Iterator[ThreadPoolExecutor]":
    """Threads to work on `count` large files in, side by side.

    After an error nothing begins any more, and `stop` is called, for what has begun to end.
    """
    # Its import takes as long as hashing 10 MiB; most runs need none.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(count) as threads:
        try:
            yield threads
        except BaseException:
            stop()
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def hash_each(
    what: str, lengths: Sequence[int], work: Callable[[int, OnChunk], _RESULT]
) -> list[_RESULT]:
    """Returns the results of `work` for each index into `lengths`, in order; large ones in parallel.

    `work` tells its second argument of each chunk; `what` it does is shown on a terminal.
    """
    progress = Progress(what, sum(lengths))
    large = [index for index, length in enumerate(lengths) if length > SMALL_BYTES]
    try:
        if len(large) < 2:
            return [work(index, progress.add) for index in range(len(lengths))]
        with large_file_threads(thread_count(), progress.stop) as threads:
            started = {index: threads.submit(work, index, progress.add) for index in large}
            return [
                started[index].result() if index in started else work(index, progress.add)
                for index in range(len(lengths))
            ]
    finally:
        progress.close()


def sha256_range(fd: int, offset: int, length: int, on_chunk: OnChunk) -> bytes:
    """Returns the SHA-256 of `length` bytes at `offset`. Raises InputError if there are fewer."""
    hasher = hashlib.sha256()
    for chunk in read_range(fd, offset, length, CHUNK_BYTES):
        hasher.update(chunk)
        on_chunk(len(chunk))
    return hasher.digest()


def digest_files(paths: Sequence[str]) -> list[tuple[int, bytes]]:
    """Length and SHA-256 of each file, in order."""

    def digest_file(index: int, on_chunk: OnChunk) -> tuple[int, bytes]:
        with open_input(paths[index]) as fd:
            size = os.fstat(fd).st_size
            return size, sha256_range(fd, 0, size, on_chunk)

    return hash_each("digest", [input_length(path) for path in paths], digest_file)
