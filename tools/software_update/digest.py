"""SHA-256 of files, several at a time, in bounded memory; and the record in which a digest travels."""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from software_update.errors import InputError
from software_update.files import input_length, open_input
from software_update.names import name_problem
from software_update.progress import Progress

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from software_update.metadata import Target

RECORD_SCHEMA = "software_update.digests.v1"
CHUNK_BYTES = 256 * 1024
# Below this a thread costs more than it saves.
SMALL_BYTES = 512 * 1024
# Each has buffers; more of them would wait for the disk.
MAX_THREADS = 8

_SHA256_HEX = re.compile(r"[0-9a-f]{64}")
_RESULT = TypeVar("_RESULT")
# Is told the length of each chunk that was hashed.
OnChunk: TypeAlias = Callable[[int], None]


def thread_count() -> int:
    """How many threads work on large files: a core each, few enough to bound memory."""
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
    """What `work` gives for each index into `lengths`, in order; several large ones side by side.

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
    """SHA-256 of `length` bytes at `offset`. Fewer there: InputError."""
    hasher = hashlib.sha256()
    buffer = memoryview(bytearray(min(CHUNK_BYTES, length)))
    while length:
        count = os.preadv(fd, [buffer[: min(len(buffer), length)]], offset)
        if count == 0:
            raise InputError(
                "a file became shorter while it was read; do not write to it meanwhile"
            )
        hasher.update(buffer[:count])
        offset += count
        length -= count
        on_chunk(count)
    return hasher.digest()


def digest_files(paths: Sequence[str]) -> list[tuple[int, bytes]]:
    """Length and SHA-256 of each file, in order."""

    def digest_file(index: int, on_chunk: OnChunk) -> tuple[int, bytes]:
        with open_input(paths[index]) as fd:
            size = os.fstat(fd).st_size
            return size, sha256_range(fd, 0, size, on_chunk)

    return hash_each("digest", [input_length(path) for path in paths], digest_file)


def write_record(entries: Iterable[tuple[str, int, bytes]]) -> bytes:
    """The JSON record of (name, length, SHA-256) entries, sorted by name."""
    targets = [
        {"name": name, "length": length, "sha256": sha256.hex()}
        for name, length, sha256 in sorted(entries)
    ]
    record = {"schema": RECORD_SCHEMA, "targets": targets}
    return (json.dumps(record, indent=1) + "\n").encode()


def read_record(path: str, content: bytes) -> "list[Target]":
    """The targets of a record. `path` names it in errors."""
    from software_update.strict_json import parse_file

    try:
        record = parse_file(path, content)
        if record["schema"] != RECORD_SCHEMA:
            raise ValueError
        return [_read_entry(each) for each in record["targets"]]
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: not a digest record ({RECORD_SCHEMA}); make it with: software-update step digest"
        ) from None


def _read_entry(entry: Any) -> "Target":
    from software_update.metadata import Target

    name, length, sha256 = entry["name"], entry["length"], entry["sha256"]
    if not isinstance(name, str) or name_problem(name) or not _SHA256_HEX.fullmatch(sha256):
        raise ValueError
    # A bool is an int to isinstance; no file is longer than 2**63 - 1 bytes.
    if type(length) is not int or not 0 <= length < 2**63:
        raise ValueError
    return Target(name, length, bytes.fromhex(sha256))
