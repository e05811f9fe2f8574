"""Compares the contents of targets that both releases have, so that people can read the difference.

The metadata says which targets differ, so only their payloads are read again, and few and small ones: the
memory and time for two bundles is that of verifying them.
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from software_update.base.files import BecameShorter, read_range
from software_update.base.hashing import CHUNK_BYTES, sha256_range
from software_update.bundle.decompress import original_chunks
from software_update.bundle.envelope import Payload
from software_update.disclosure.described import MAX_TEXT_BYTES, Description, describe
from software_update.disclosure.diffoscope import PROGRAM, diffoscope_lines
from software_update.disclosure.disclosed import Disclosed
from software_update.disclosure.lines import Unreadable
from software_update.disclosure.text_difference import text_difference
from software_update.format.messages import Target
from software_update.format.names import USER_MANIFEST
from software_update.format.verdicts import Refused

MAX_CONTENT_BYTES = 8 * 1024 * 1024
# Of all contents that are read again. Those that can be text count eight times, because their lines are
# compared in Python.
MAX_READ_BYTES = 64 * 1024 * 1024
TEXT_WEIGHT = 8
MAX_TARGETS = 100
MAX_LINES = 40
# Of an installed program.
MAX_RUNS = 10


class ContentDifference(NamedTuple):
    """A difference for people. `left_out` is the number of lines after `lines`.

    `format` is the one of both contents: text, json, elf, device_tree or binary. It is different if their
    formats differ, and diffoscope if that program made the lines. `note` says why there are no lines, or none
    that show a difference; else it is empty. Lines can contain control characters.
    """

    format: str
    lines: tuple[str, ...] = ()
    left_out: int = 0
    note: str = ""


class File(NamedTuple):
    """A file with payloads, and the release in it."""

    fd: int
    release: Disclosed


class Contents:
    """The contents of the targets of two releases, and the bytes that may still be read of them."""

    def __init__(self, old: File, new: File, diffoscope: str | None = None) -> None:
        """`diffoscope` is the path of that program, for the formats that this package does not read."""
        self._sides = (_Side(old, "old"), _Side(new, "new"))
        self._diffoscope = diffoscope
        self._left = MAX_READ_BYTES
        self._targets_left = MAX_TARGETS
        self._runs_left = MAX_RUNS

    def difference(self, old: Target, new: Target) -> ContentDifference:
        """Returns the difference of the contents of a target whose digests differ."""
        try:
            self._take(old, new)
            described = [describe(content) for content in self._contents(old, new)]
        except Unreadable as error:
            return ContentDifference("", note=f"not compared: {error}")
        found = difference_of(*described)
        if self._diffoscope is None or self._runs_left == 0 or is_readable(*described):
            return found
        self._runs_left -= 1
        try:
            lines = diffoscope_lines(self._diffoscope, new.name, self._contents(old, new))
        except Unreadable as error:
            return ContentDifference(found.format, note=f"{found.note}; {error}")
        return capped(PROGRAM, lines)

    def _contents(self, old: Target, new: Target) -> Iterator[bytes]:
        """Yields the old and the new content, one after the other, so that one is in memory at a time."""
        for side, target in zip(self._sides, (old, new), strict=True):
            yield side.content(target)

    def _take(self, old: Target, new: Target) -> None:
        """Counts a target, and the bytes to read. Raises Unreadable if it is one too many."""
        if self._targets_left == 0:
            raise Unreadable("enough others are compared")
        if max(old.original.length, new.original.length) > MAX_CONTENT_BYTES:
            raise Unreadable(f"over {MAX_CONTENT_BYTES} bytes")
        needed = sum(_cost(each) for each in (old, new))
        if needed > self._left:
            raise Unreadable("enough others are compared")
        self._targets_left -= 1
        self._left -= needed


class _Side:
    """The contents of one of the releases."""

    def __init__(self, file: File, which: str) -> None:
        self._file = file
        self._which = which
        self._payloads = {each.name: each for each in file.release.payloads}

    def content(self, target: Target) -> bytes:
        """Returns what a device installs. Raises Unreadable if it is not what the target lists."""
        if target.name == USER_MANIFEST and self._file.release.user_manifest is not None:
            return self._file.release.user_manifest
        payload = self._payloads.get(target.name)
        if payload is None:
            raise Unreadable(f"the {self._which} one is not at hand")
        content = _content(self._file.fd, payload, target)
        if content is None:
            raise Unreadable(f"the {self._which} one is not the payload that is listed")
        return content


def _cost(target: Target) -> int:
    """Returns the bytes to read for a target, with the weight of its content."""
    length = target.original.length
    weight = TEXT_WEIGHT if length <= MAX_TEXT_BYTES else 1
    return weight * length + (target.length if target.compression else 0)


def is_readable(old: Description, new: Description) -> bool:
    """Returns whether two contents can be compared line by line."""
    return old.format == new.format and None not in (old.lines, new.lines)


def difference_of(old: Description, new: Description) -> ContentDifference:
    """Returns the difference of two contents that are not the same bytes."""
    if old.format != new.format:
        return ContentDifference("different", note=f"was {old.format}, is {new.format}")
    for each, which in ((old, "old"), (new, "new")):
        if each.lines is None:
            problem = f": the {which} one {each.problem}" if each.problem else ""
            return ContentDifference(old.format, note=f"not compared{problem}")
    assert old.lines is not None
    assert new.lines is not None
    return capped(old.format, text_difference(old.lines, new.lines, old.context_lines))


def capped(format_: str, lines: Iterable[str]) -> ContentDifference:
    """Returns a difference of at most 40 lines."""
    rest = iter(lines)
    first = tuple(itertools.islice(rest, MAX_LINES))
    note = "" if first else "the same values in another form"
    return ContentDifference(format_, first, sum(1 for _ in rest), note)


def _content(fd: int, payload: Payload, target: Target) -> bytes | None:
    """Returns what a device installs; None if it is not what the target lists."""
    if payload.length != target.length:
        return None
    try:
        if target.compression:
            # Only bytes that the metadata lists reach the decompressor.
            if sha256_range(fd, payload.offset, payload.length, _ignore) != target.sha256:
                return None
            return b"".join(original_chunks(fd, payload, target.compression))
        content = b"".join(read_range(fd, payload.offset, payload.length, CHUNK_BYTES))
    except (BecameShorter, Refused):
        return None
    return content if hashlib.sha256(content).digest() == target.sha256 else None


def _ignore(_: int) -> None:
    pass
