"""The history: JSON lines, each with the SHA-256 of the line before. Pure, but for the file at the end.

It is the audit log of the device: which release was offered, who agreed to which phase, what happened. A
line stays in the record until the file has it, so no power cut loses one. The record also keeps the
length of the file and the digest of its last line. Thus the client repairs a torn end, and detects a
file that was shortened or changed.

    {"at":1790000000,"event":"Offered","detail":"AwaitingConsent",...,"previous":"5f0c..."}
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from software_update.base.errors import InputError
from software_update.client.state import HistoryHead
from software_update.client.system import File, Storage

# So many lines may wait in the record; the file gets them in one write.
MAX_PENDING = 6
# As JSON in the record, where each quotation mark takes a byte more.
MAX_PENDING_BYTES = 2500
_NAME = "history.jsonl"


def add_line(
    head: HistoryHead, entry: Mapping[str, Any], room: int = MAX_PENDING_BYTES
) -> HistoryHead:
    """Returns the head with one more line that waits for the file, if all that wait fit into `room` bytes."""
    previous = _digest(head.pending[-1]) if head.pending else head.digest
    lost = {"lost": head.lost} if head.lost else {}
    members = {**entry, **lost, "previous": previous}
    text = json.dumps(members, separators=(",", ":"), ensure_ascii=False)
    line = text.encode(errors="replace").decode()
    if _recorded_bytes((*head.pending, line)) > room:
        # The disk takes no lines. The update must go on, so the next line says how many are missing.
        return replace(head, lost=head.lost + 1)
    return replace(head, pending=(*head.pending, line), lost=0)


def is_full(head: HistoryHead, room: int = MAX_PENDING_BYTES) -> bool:
    """Returns whether the waiting lines should be appended before another one waits."""
    waiting = _recorded_bytes(head.pending)
    return len(head.pending) >= MAX_PENDING or 2 * waiting > room


def appended(head: HistoryHead) -> HistoryHead:
    """Returns the head after the waiting lines have been appended and synced."""
    if not head.pending:
        return head
    length = head.length + len(_content(head.pending))
    lines = head.lines + len(head.pending)
    return HistoryHead(length, lines, _digest(head.pending[-1]), lost=head.lost)


def check_chain(lines: Iterable[str]) -> tuple[int, str]:
    """Returns the number of lines and the digest of the last. Raises InputError where the chain breaks."""
    count, digest = 0, ""
    for line in lines:
        count += 1
        try:
            previous = json.loads(line)["previous"]
        except (ValueError, KeyError, TypeError):
            raise InputError(f"history line {count}: is not a line of the history") from None
        if previous != digest:
            raise InputError(f"history line {count}: does not follow the line before it")
        digest = _digest(line)
    return count, digest


def append(storage: Storage, folder: str, head: HistoryHead) -> HistoryHead:
    """Appends the waiting lines to the file and syncs it. Repeatable. Returns the new head.

    A torn or repeated end, left by a power cut, is overwritten. Raises InputError if the file is shorter
    than the record says.
    """
    path = f"{folder}/{_NAME}"
    file = storage.open_to_write(path)
    try:
        if file.size() < head.length:
            raise InputError(
                f"{path}: has {file.size()} bytes instead of {head.length}: it was shortened; "
                "restore it, or move it away and clear the client's state"
            )
        content = _content(head.pending)
        file.write(head.length, content)
        file.truncate(head.length + len(content))
        file.sync()
    finally:
        file.close()
    # Not only for a new file: a client that created it may have been killed before it synced the folder.
    if not head.length:
        storage.sync_folder(folder)
    return appended(head)


def check_new(storage: Storage, folder: str) -> None:
    """Raises InputError if a history exists already: a new record would overwrite it."""
    path = f"{folder}/{_NAME}"
    if storage.exists(path):
        raise InputError(
            f"{path}: has no record next to it; restore the record, or move the history away"
        )


def read_lines(storage: Storage, folder: str, head: HistoryHead) -> Iterator[str]:
    """Yields all lines, those that still wait in the record too."""
    path = f"{folder}/{_NAME}"
    if head.length:
        file = storage.open(path)
        try:
            yield from _file_lines(file, path, head.length)
        finally:
            file.close()
    yield from head.pending


def verify(storage: Storage, folder: str, head: HistoryHead) -> int:
    """Checks the whole history against the record. Returns the number of lines, or raises InputError."""
    recorded = replace(head, pending=())
    count, digest = check_chain(read_lines(storage, folder, recorded))
    if (count, digest) != (head.lines, head.digest):
        raise InputError(
            f"{folder}/{_NAME}: ends at line {count} with another digest than the record has; "
            "it was changed"
        )
    total, _ = check_chain(read_lines(storage, folder, head))
    return total


def _file_lines(file: File, path: str, length: int) -> Iterator[str]:
    rest, offset = b"", 0
    while offset < length:
        chunk = file.read(offset, min(1 << 16, length - offset))
        if not chunk:
            raise InputError(f"{path}: ends at byte {offset} of {length}: it was shortened")
        offset += len(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
    if rest:
        raise InputError(f"{path}: its last line has no end; it was changed")


def _content(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _digest(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def _recorded_bytes(lines: tuple[str, ...]) -> int:
    return len(json.dumps(lines, separators=(",", ":"), ensure_ascii=False).encode())
