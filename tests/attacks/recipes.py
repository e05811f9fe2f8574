"""Describes bundles that are too large to keep, so that a test in any language can make them.

A recipe is a list of parts: bytes as they are, and the classes below for content that repeats.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.vectors import cases


@dataclasses.dataclass(frozen=True)
class Repeated:
    """The same bytes many times."""

    content: bytes
    times: int

    def to_json(self) -> dict[str, Any]:
        """Returns the part as a recipe has it."""
        return {"hex": self.content.hex(), "times": self.times}


@dataclasses.dataclass(frozen=True)
class Numbered:
    """Entries that differ only in a decimal number; all numbers have the same number of digits."""

    before: bytes
    after: bytes
    first: int
    last: int

    def to_json(self) -> dict[str, Any]:
        """Returns the part as a recipe has it."""
        template = [self.before.hex(), self.after.hex()]
        return {"template": template, "numbers": [self.first, self.last]}


@dataclasses.dataclass(frozen=True)
class Rows:
    """Entries of one length that differ in a few places: the bytes around these places, and those in them."""

    template: tuple[bytes, ...]
    rows: tuple[tuple[bytes, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """Returns the part as a recipe has it."""
        return {
            "template": [each.hex() for each in self.template],
            "rows": [[value.hex() for value in row] for row in self.rows],
        }


Part = bytes | Repeated | Numbered | Rows


def folded(content: bytes, *parts: Part) -> list[Part]:
    """Returns the content as parts. It contains these, next to each other and only once."""
    before, after = content.split(made(parts))
    return [before, *parts, after]


def numbered(entry: Callable[[str], bytes], prefix: str, count: int) -> Iterator[Numbered]:
    """Yields the entries of the names PREFIX0, PREFIX1 and so on, `count` in all."""
    first = 0
    while first < count:
        name = f"{prefix}{first}".encode()
        last = min(10 ** len(str(first)), count) - 1
        before, after = entry(name.decode()).split(name)
        yield Numbered(before + prefix.encode(), after, first, last)
        first = last + 1


def rows(entries: Sequence[bytes]) -> Iterator[Rows]:
    """Yields the entries; those of the same length that follow each other share what they have in common."""
    start = 0
    while start < len(entries):
        end = start
        while end < len(entries) and len(entries[end]) == len(entries[start]):
            end += 1
        yield _rows(entries[start:end])
        start = end


def _rows(entries: Sequence[bytes]) -> Rows:
    places: list[tuple[int, int]] = []
    for at, column in enumerate(zip(*entries, strict=True)):
        if len(set(column)) == 1:
            continue
        if places and places[-1][1] == at:
            places[-1] = (places[-1][0], at + 1)
        else:
            places.append((at, at + 1))
    ends = [0, *(end for _, end in places)]
    starts = [*(start for start, _ in places), len(entries[0])]
    template = (entries[0][end:start] for end, start in zip(ends, starts, strict=True))
    return Rows(tuple(template), tuple(tuple(each[a:b] for a, b in places) for each in entries))


def made(parts: Sequence[Part]) -> bytes:
    """Returns the bytes of the parts."""
    return b"".join(piece for part in parts for piece in cases.pieces(_json(part)))


def recipe_of(parts: Sequence[Part]) -> dict[str, Any]:
    """Returns the recipe as JSON."""
    content = made(parts)
    return {
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "parts": [_json(part) for part in parts],
    }


def _json(part: Part) -> dict[str, Any]:
    return {"hex": part.hex()} if isinstance(part, bytes) else part.to_json()
