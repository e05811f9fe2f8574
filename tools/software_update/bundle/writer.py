"""Writes a bundle as a stream: metadata first (65, 5, 3), then the payloads (4).

The metadata contain the digests of the payloads, and are written before them. So the caller first makes
a draft of the metadata, with digests of zeros, to learn their length; the writer leaves that room, copies the
payloads and hashes the same bytes, and then writes the metadata that the caller makes of the digests.

    payloads = plan_payloads([("app", "app.bin")])

    def signed(targets: list[Target]) -> tuple[bytes, bytes]:
        return signed_root, sign(build_targets(1, targets, expires=None))

    write_bundle(fd, payloads, signed(draft_targets(payloads)), signed)

The bytes that are hashed are the bytes in the bundle: a payload that changes while it is copied raises
InputError, and never gets in under the digest of its earlier content. The same files, metadata and names
give the same bytes: `user_manifest` comes before the other payloads, which are sorted by name. Memory does
not grow with payloads; large ones are copied by several threads.
"""

import contextlib
import hashlib
import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from software_update.base.errors import InputError
from software_update.base.files import input_length, open_input, read_range
from software_update.base.hashing import MAX_THREADS, SMALL_BYTES, large_file_threads, thread_count
from software_update.base.progress import Progress
from software_update.bundle import envelope
from software_update.format.messages import Compression, Target
from software_update.format.metadata import TARGETS
from software_update.format.wire import encode_field, encode_header

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

# A payload has two buffers of it while it is copied.
_CHUNK_BYTES = 1024 * 1024
# Each is copied in one thread and hashed in another.
_MAX_COPIES = MAX_THREADS // 2


class PayloadFile(NamedTuple):
    """A payload on disk: the name of its target, its file and its length in bytes, and its compression."""

    name: str
    path: str
    length: int
    compression: Compression | None = None


def plan_payloads(
    files: Sequence[tuple[str, str]], compressions: Mapping[str, Compression] | None = None
) -> list[PayloadFile]:
    """The payloads of (name, path) pairs, in the order in which a bundle has them.

    `compressions` describe the files that are compressed, by the names of their targets.
    """
    known = compressions or {}
    return [
        PayloadFile(name, path, input_length(path), known.get(name))
        for name, path in sorted(files, key=lambda pair: envelope.payload_order(pair[0]))
    ]


def draft_targets(payloads: Sequence[PayloadFile]) -> list[Target]:
    """The targets before they are hashed, with digests of zeros."""
    return [Target.of(each.name, each.length, bytes(32), each.compression) for each in payloads]


def write_bundle(
    fd: int,
    payloads: Sequence[PayloadFile],
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
    _write_at(fd, head, 0)
    return targets


def copy_ranges(source: int, fd: int, ranges: Sequence[tuple[int, int]]) -> None:
    """Copies `source` from start to end of each range to `fd`, one after the other."""
    progress = Progress("copy", sum(end - start for start, end in ranges))
    offset = 0
    try:
        for start, end in ranges:
            for chunk in read_range(source, start, end - start, _CHUNK_BYTES):
                _write_at(fd, chunk, offset)
                offset += len(chunk)
                progress.add(len(chunk))
    finally:
        progress.close()


def _head(root_chain: Sequence[bytes], signed_root: bytes, signed_targets: bytes) -> bytes:
    chain = b"".join(encode_field(envelope.ROOT_CHAIN_FIELD, each) for each in root_chain)
    entry = encode_field(envelope.KEY_FIELD, TARGETS.encode()) + encode_field(
        envelope.VALUE_FIELD, signed_targets
    )
    root = encode_field(envelope.ROOT_FIELD, signed_root)
    return chain + root + encode_field(envelope.TARGETS_FIELD, entry)


def _payload_header(payload: PayloadFile) -> bytes:
    key = encode_field(envelope.KEY_FIELD, payload.name.encode())
    value = encode_header(envelope.VALUE_FIELD, payload.length)
    entry_bytes = len(key) + len(value) + payload.length
    return encode_header(envelope.PAYLOAD_FIELD, entry_bytes) + key + value


def _write_payloads(fd: int, offset: int, payloads: Sequence[PayloadFile]) -> list[Target]:
    """Writes payloads to `fd` from `offset` on: small ones in turn, large ones side by side."""
    progress = Progress("bundle", sum(each.length for each in payloads))
    digests: list[bytes | Future[bytes]] = []
    copying: ThreadPoolExecutor | None = None
    with contextlib.ExitStack() as stack:
        stack.callback(progress.close)
        out = stack.enter_context(open(fd, "r+b", buffering=SMALL_BYTES, closefd=False))
        out.seek(offset)
        for payload in payloads:
            out.write(_payload_header(payload))
            if payload.length <= SMALL_BYTES:
                content = _read_small(payload)
                out.write(content)
                digests.append(hashlib.sha256(content).digest())
                progress.add(len(content))
            else:
                if copying is None:
                    count = min(thread_count(), _MAX_COPIES)
                    hashing = stack.enter_context(large_file_threads(count, progress.stop))
                    copying = stack.enter_context(large_file_threads(count, progress.stop))
                work = (fd, payload, out.tell(), hashing, progress)
                digests.append(copying.submit(_copy_payload, *work))
                out.seek(payload.length, os.SEEK_CUR)
        out.flush()
        return [
            Target.of(
                payload.name,
                payload.length,
                each if isinstance(each, bytes) else each.result(),
                payload.compression,
            )
            for payload, each in zip(payloads, digests, strict=True)
        ]


def _read_small(payload: PayloadFile) -> bytes:
    with open_input(payload.path) as source:
        content = os.read(source, payload.length + 1)
    if len(content) != payload.length:
        raise _changed(payload)
    return content


def _copy_payload(
    fd: int, payload: PayloadFile, offset: int, hashing: "ThreadPoolExecutor", progress: Progress
) -> bytes:
    """Copies a payload to `offset`, and has the same bytes hashed meanwhile. Gives their SHA-256."""
    hasher = hashlib.sha256()
    hashed: Future[None] | None = None
    size = min(_CHUNK_BYTES, payload.length)
    # While one is hashed the other is filled.
    buffers = itertools.cycle([memoryview(bytearray(size)), memoryview(bytearray(size))])
    done = 0
    with open_input(payload.path) as source:
        while done < payload.length:
            buffer = next(buffers)[: payload.length - done]
            chunk = buffer[: os.preadv(source, [buffer], done)]
            if not chunk:
                raise _changed(payload)
            if hashed:
                hashed.result()
            hashed = hashing.submit(hasher.update, chunk)
            _write_at(fd, chunk, offset + done)
            done += len(chunk)
            progress.add(len(chunk))
        if os.pread(source, 1, payload.length):
            raise _changed(payload)
    if hashed:
        hashed.result()
    return hasher.digest()


def _write_at(fd: int, content: bytes | memoryview, offset: int) -> None:
    rest = memoryview(content)
    while rest:
        written = os.pwrite(fd, rest, offset)
        rest = rest[written:]
        offset += written


def _changed(payload: PayloadFile) -> InputError:
    return InputError(
        f"{payload.path}: changed while it was read; let its writer finish, and try again"
    )
