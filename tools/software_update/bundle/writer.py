"""Writes a bundle as a stream: metadata first (65, 5, 3), then every payload (4), sorted by name.

The bytes that are hashed are the bytes in the bundle: a payload that changes while it is copied cannot
get in under the digest of its former self.
"""

import contextlib
import errno
import hashlib
import os
import queue
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from software_update.bundle import envelope
from software_update.digest import SMALL_BYTES, hashing_threads, update_range
from software_update.errors import InputError
from software_update.files import input_length, open_input
from software_update.metadata import TARGETS, Target
from software_update.progress import Progress
from software_update.proto.wire import encode_field, encode_header

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

_SEGMENT_BYTES = 8 * 1024 * 1024
# Offset and length of what has been copied; None after the last.
_Segments: TypeAlias = "queue.SimpleQueue[tuple[int, int] | None]"
_NO_KERNEL_COPY = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM)


class Payload(NamedTuple):
    """A target's name, the file that it comes from, and that file's length."""

    name: str
    path: str
    length: int


def plan_payloads(files: Sequence[tuple[str, str]]) -> list[Payload]:
    """The payloads of (name, path) pairs, in the order in which a bundle has them."""
    return [Payload(name, path, input_length(path)) for name, path in sorted(files)]


def draft_targets(payloads: Sequence[Payload]) -> list[Target]:
    """The targets before they are hashed, with digests of zeros."""
    return [Target(each.name, each.length, bytes(32)) for each in payloads]


def write_bundle(
    fd: int,
    payloads: Sequence[Payload],
    draft: tuple[bytes, bytes],
    metadata_of: Callable[[list[Target]], tuple[bytes, bytes]],
    root_chain: Sequence[bytes] = (),
) -> list[Target]:
    """Writes a bundle to `fd`; gives the targets as they were written.

    `root_chain` are the signed roots before the bundle's own, oldest first.
    `metadata_of` gives the signed root and signed targets metadata for the targets as they were written;
    `draft` is the same for `draft_targets(payloads)`, and tells how much room the metadata take.
    """
    room = len(_head(root_chain, *draft))
    targets = _write_payloads(fd, room, payloads)
    head = _head(root_chain, *metadata_of(targets))
    if len(head) != room:
        raise AssertionError("the metadata's length depends on the digests' values")
    written = 0
    while written < room:
        written += os.pwrite(fd, memoryview(head)[written:], written)
    return targets


def copy_ranges(source: int, fd: int, ranges: Sequence[tuple[int, int]]) -> None:
    """Copies `source` from start to end of each range to `fd`, one after the other."""
    progress = Progress("copy", sum(end - start for start, end in ranges))
    offset = 0
    try:
        for start, end in ranges:
            done = start
            while done < end:
                count = _copy(source, fd, min(_SEGMENT_BYTES, end - done), done, offset)
                if count == 0:
                    raise InputError(
                        "a file became shorter while it was read; do not write to it meanwhile"
                    )
                done += count
                offset += count
                progress.add(count)
    finally:
        progress.close()


def _head(root_chain: Sequence[bytes], signed_root: bytes, signed_targets: bytes) -> bytes:
    chain = b"".join(encode_field(envelope.ROOT_CHAIN_FIELD, each) for each in root_chain)
    entry = encode_field(envelope.KEY_FIELD, TARGETS.encode()) + encode_field(
        envelope.VALUE_FIELD, signed_targets
    )
    root = encode_field(envelope.ROOT_FIELD, signed_root)
    return chain + root + encode_field(envelope.TARGETS_FIELD, entry)


def _payload_header(payload: Payload) -> bytes:
    key = encode_field(envelope.KEY_FIELD, payload.name.encode())
    value = encode_header(envelope.VALUE_FIELD, payload.length)
    entry_bytes = len(key) + len(value) + payload.length
    return encode_header(envelope.PAYLOAD_FIELD, entry_bytes) + key + value


def _write_payloads(fd: int, offset: int, payloads: Sequence[Payload]) -> list[Target]:
    """Copies payloads to `fd` from `offset` on; threads hash what has been written behind the copy."""
    progress = Progress("bundle", sum(each.length for each in payloads))
    digests: list[bytes | Future[bytes]] = []
    threads: ThreadPoolExecutor | None = None
    with contextlib.ExitStack() as stack:
        stack.callback(progress.close)
        out = stack.enter_context(open(fd, "r+b", buffering=SMALL_BYTES, closefd=False))
        out.seek(offset)
        for payload in payloads:
            out.write(_payload_header(payload))
            with open_input(payload.path) as source:
                if payload.length <= SMALL_BYTES:
                    content = _read_small(source, payload)
                    out.write(content)
                    digests.append(hashlib.sha256(content).digest())
                    progress.add(len(content))
                else:
                    out.flush()
                    if threads is None:
                        threads = stack.enter_context(hashing_threads())
                    segments: _Segments = queue.SimpleQueue()
                    # Before the thread that waits for it is there: a signal may come at any point.
                    stack.callback(segments.put, None)
                    digests.append(threads.submit(_hash_segments, fd, segments))
                    _copy_payload(fd, source, payload, out.tell(), segments, progress)
                    out.seek(payload.length, os.SEEK_CUR)
        out.flush()
        return [
            Target(payload.name, payload.length, each if isinstance(each, bytes) else each.result())
            for payload, each in zip(payloads, digests, strict=True)
        ]


def _read_small(source: int, payload: Payload) -> bytes:
    content = os.read(source, payload.length + 1)
    if len(content) != payload.length:
        raise _changed(payload)
    return content


def _copy_payload(
    fd: int, source: int, payload: Payload, offset: int, segments: _Segments, progress: Progress
) -> None:
    """Copies in segments, and queues each, to be hashed from the bundle, once it is there."""
    done = 0
    while done < payload.length:
        count = _copy(source, fd, min(_SEGMENT_BYTES, payload.length - done), done, offset + done)
        if count == 0:
            raise _changed(payload)
        segments.put((offset + done, count))
        done += count
        progress.add(count)
    if os.pread(source, 1, payload.length):
        raise _changed(payload)
    segments.put(None)


def _hash_segments(fd: int, segments: _Segments) -> bytes:
    hasher = hashlib.sha256()
    while segment := segments.get():
        update_range(hasher, fd, *segment)
    return hasher.digest()


def _copy(source: int, fd: int, count: int, source_offset: int, offset: int) -> int:
    """Copies up to `count` bytes, in the kernel where it can; gives the number copied."""
    if hasattr(os, "copy_file_range"):
        try:
            copied = os.copy_file_range(source, fd, count, source_offset, offset)
            # Some file systems copy nothing where a read would give bytes.
            if copied:
                return copied
        except OSError as error:
            if error.errno not in _NO_KERNEL_COPY:
                raise
    content = os.pread(source, min(count, 1024 * 1024), source_offset)
    return os.pwrite(fd, content, offset) if content else 0


def _changed(payload: Payload) -> InputError:
    return InputError(
        f"{payload.path}: changed while it was read; let its writer finish, and try again"
    )
