"""SHA-256 of files, several at a time, in bounded memory; and the record in which a digest travels."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from software_update.errors import InputError
from software_update.files import input_length, open_input
from software_update.names import name_problem

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from software_update.metadata import Target

RECORD_SCHEMA = "software_update.digests.v1"
CHUNK_BYTES = 256 * 1024
# Below this a thread costs more than it saves.
SMALL_BYTES = 512 * 1024
# Each has a chunk; more of them would wait for the disk.
MAX_THREADS = 8

_SHA256_HEX = re.compile(r"[0-9a-f]{64}")
_RESULT = TypeVar("_RESULT")


def thread_count() -> int:
    """How many hashing threads to use: a core each, few enough to bound memory."""
    return min(os.cpu_count() or 1, MAX_THREADS)


def hashing_threads() -> "ThreadPoolExecutor":
    """Threads to hash large files in, side by side."""
    # Its import takes as long as hashing 10 MiB; most runs need none.
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(thread_count())


def hash_each(lengths: Sequence[int], work: Callable[[int], _RESULT]) -> list[_RESULT]:
    """What `work` gives for each index into `lengths`, in order; several large ones side by side."""
    large = [index for index, length in enumerate(lengths) if length > SMALL_BYTES]
    if len(large) < 2:
        return [work(index) for index in range(len(lengths))]
    with hashing_threads() as threads:
        started = {index: threads.submit(work, index) for index in large}
        try:
            return [
                started[index].result() if index in started else work(index)
                for index in range(len(lengths))
            ]
        except BaseException:
            # What has not begun is not waited for.
            threads.shutdown(wait=False, cancel_futures=True)
            raise


def sha256_range(
    fd: int, offset: int, length: int, on_chunk: Callable[[int], None] | None = None
) -> bytes:
    """SHA-256 of `length` bytes at `offset`. Fewer there: InputError."""
    hasher = hashlib.sha256()
    update_range(hasher, fd, offset, length, on_chunk)
    return hasher.digest()


def update_range(
    hasher: Any,
    fd: int,
    offset: int,
    length: int,
    on_chunk: Callable[[int], None] | None = None,
) -> None:
    """Feeds `length` bytes at `offset` to `hasher`."""
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
        if on_chunk:
            on_chunk(count)


def digest_files(paths: Sequence[str]) -> list[tuple[int, bytes]]:
    """Length and SHA-256 of each file, in order."""

    def digest_file(index: int) -> tuple[int, bytes]:
        with open_input(paths[index]) as fd:
            size = os.fstat(fd).st_size
            return size, sha256_range(fd, 0, size)

    return hash_each([input_length(path) for path in paths], digest_file)


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
    try:
        record = json.loads(content)
        if record["schema"] != RECORD_SCHEMA:
            raise ValueError
        return [_read_entry(each) for each in record["targets"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InputError(
            f"{path}: no digest record ({RECORD_SCHEMA}); make it with: software-update step digest"
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
