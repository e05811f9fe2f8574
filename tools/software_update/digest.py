"""SHA-256 of files, several at a time, in bounded memory; and the record in which a digest travels."""

import concurrent.futures
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from software_update.errors import InputError
from software_update.files import open_input
from software_update.names import name_problem

if TYPE_CHECKING:
    from software_update.metadata import Target

RECORD_SCHEMA = "software_update.digests.v1"
CHUNK_BYTES = 256 * 1024
# Below this a thread costs more than it saves.
SMALL_BYTES = 512 * 1024
# Each has a chunk; more of them would wait for the disk.
MAX_THREADS = 8

_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


def thread_count() -> int:
    """How many hashing threads to use: a core each, few enough to bound memory."""
    return min(os.cpu_count() or 1, MAX_THREADS)


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

    def digest_file(path: str) -> tuple[int, bytes]:
        with open_input(path) as fd:
            size = os.fstat(fd).st_size
            return size, sha256_range(fd, 0, size)

    if len(paths) == 1:
        return [digest_file(paths[0])]
    with concurrent.futures.ThreadPoolExecutor(thread_count()) as pool:
        return list(pool.map(digest_file, paths))


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
