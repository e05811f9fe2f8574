"""The mutants of a bundle: each a bundle with one change, and a name for that change."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import TypeAlias

from software_update.testing import encode as e

from tests.mutation import anatomy
from tests.mutation.anatomy import Message, Path
from tests.mutation.subjects import PAGE

Mutants: TypeAlias = Iterator[tuple[str, bytes]]

# Beyond this many fields in a message, not every two of them are swapped.
FEW = 12
UNKNOWN_FIELDS = {
    "a zero": b"\0",
    "half a field": b"\x0a",
    "an unknown number": e.number(99, 1),
    "unknown bytes": e.blob(99, b"unknown"),
    "a fixed64": e.varint(99 * 8 + 1) + bytes(8),
    "a fixed32": e.varint(99 * 8 + 5) + bytes(4),
    "an empty group": e.varint(99 * 8 + 3) + e.varint(99 * 8 + 4),
    "a project's field": e.blob(70, b"ours"),
    "a length of 2**63": e.varint(99 * 8 + 2) + e.varint(2**63),
}


def bits(bundle: bytes) -> Mutants:
    """Every bit of everything but the payloads; of these one bit in each page."""
    for at in places(bundle):
        for bit in range(8):
            yield f"bit {bit} of byte {at}", changed(bundle, at, bundle[at] ^ 1 << bit)
    for page, at in enumerate(payload_pages(bundle)):
        yield f"a bit of byte {at}", changed(bundle, at, bundle[at] ^ 1 << page % 8)


def cuts(bundle: bytes) -> Mutants:
    """Cut at every byte: what is before it, and what is behind it."""
    for at in range(len(bundle)):
        yield f"the first {at} bytes", bundle[:at]
    for at in range(1, len(bundle)):
        yield f"all from byte {at} on", bundle[at:]


def fields(bundle: bytes) -> Mutants:
    """Every field of the bundle and of every message in it dropped, doubled, swapped with another."""
    tree = anatomy.take_apart(bundle, anatomy.BUNDLE)
    for path in anatomy.paths(tree):
        for change, message in changed_messages(anatomy.at(tree, path)):
            yield f"{path}: {change}", anatomy.put_together(anatomy.replaced(tree, path, message))


def changed_messages(message: Message) -> Iterator[tuple[str, Message]]:
    """A message with one field dropped, doubled, or swapped with another."""
    for at, field in enumerate(message):
        yield f"without field {at}", (*message[:at], *message[at + 1 :])
        yield f"field {at} twice", (*message[:at], field, *message[at:])
        yield f"field {at} at the end too", (*message, field)
    for one, other in itertools.combinations(range(len(message)), 2):
        if len(message) <= FEW or other == one + 1 or one == 0:
            swapped = list(message)
            swapped[one], swapped[other] = message[other], message[one]
            yield f"fields {one} and {other} swapped", tuple(swapped)


def appended(bundle: bytes) -> Mutants:
    """Bytes after the end of the bundle, and of every field that has a length."""
    for value in range(256):
        yield f"byte {value} at the end", bundle + bytes([value])
    yield "the bundle twice", bundle + bundle
    tree = anatomy.take_apart(bundle, anatomy.BUNDLE)
    for path in anatomy.paths(tree):
        for what, extra in UNKNOWN_FIELDS.items():
            yield f"{path}: {what} at the end", with_bytes_at_end(tree, path, None, extra)
        for index, field in enumerate(anatomy.at(tree, path)):
            if isinstance(field.content, bytes) and field.wire_type == anatomy.DELIMITED:
                yield (
                    f"{path}: a byte at field {index}",
                    with_bytes_at_end(tree, path, index, b"\0"),
                )


def values(bundle: bytes) -> Mutants:
    """Every byte of everything but the payloads gone, inserted, and with many another value."""
    for at in places(bundle):
        yield f"without byte {at}", bundle[:at] + bundle[at + 1 :]
        yield f"byte {at} twice", bundle[: at + 1] + bundle[at:]
        for value in range(0, 256, 15):
            yield f"{value} for byte {at}", changed(bundle, at, value)
            yield f"{value} before byte {at}", bundle[:at] + bytes([value]) + bundle[at:]


QUICK: dict[str, Callable[[bytes], Mutants]] = {
    "bits": bits,
    "cuts": cuts,
    "fields": fields,
    "appended": appended,
}
LONG: dict[str, Callable[[bytes], Mutants]] = {"values": values}


def of(bundle: bytes, kind: str) -> Mutants:
    """The mutants of one kind; the few that are the bundle itself are left out."""
    for change, mutant in (QUICK | LONG)[kind](bundle):
        if mutant != bundle:
            yield change, mutant


def places(bundle: bytes) -> list[int]:
    """Returns every byte outside payloads."""
    inside = [range(start, end) for start, end in payloads(bundle)]
    return [at for at in range(len(bundle)) if not any(at in each for each in inside)]


def payload_pages(bundle: bytes) -> list[int]:
    """A byte in each page of each payload, at another place in each."""
    return [
        min(start + (start * 31) % PAGE, end - 1)
        for first, end in payloads(bundle)
        for start in range(first, end, PAGE)
    ]


def payloads(bundle: bytes) -> list[tuple[int, int]]:
    """Returns the begin and end of each payload's content."""
    return [
        (value.start, value.end)
        for entry in anatomy.spans(bundle, 0, len(bundle))
        if entry.number == 4
        for value in anatomy.spans(bundle, entry.start, entry.end)
        if value.number == 2
    ]


def changed(bundle: bytes, at: int, value: int) -> bytes:
    """The bundle with another value for one byte."""
    return bundle[:at] + bytes([value]) + bundle[at + 1 :]


def with_bytes_at_end(tree: Message, path: Path, index: int | None, extra: bytes) -> bytes:
    """The tree with bytes at the end of a message, or of one field of it; all lengths fit."""
    message = anatomy.at(tree, path)
    if index is not None:
        field = message[index]
        longer = dataclasses.replace(field, content=anatomy.content_bytes(field) + extra)
        new = (*message[:index], longer, *message[index + 1 :])
        return anatomy.put_together(anatomy.replaced(tree, path, new))
    if not path:
        return anatomy.put_together(tree) + extra
    return with_bytes_at_end(tree, path[:-1], path[-1], extra)
