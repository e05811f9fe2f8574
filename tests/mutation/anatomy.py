"""A bundle as a tree of fields, taken apart and put together again without the code under test."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TypeAlias

from software_update.testing import encode as e

# The fields of a message that are messages themselves, by number; all others are numbers or bytes.
Schema: TypeAlias = "dict[int, Schema]"
Message: TypeAlias = "tuple[Field, ...]"
# Where in a tree a message stands: the index of the field to go into, again and again.
Path: TypeAlias = tuple[int, ...]

NUMBER, DELIMITED = 0, 2
FIXED = {1: 8, 5: 4}

COMMON: Schema = {3: {}}
ROOT: Schema = {1: COMMON, 3: {2: {}}, 4: {}, 7: {}}
TARGETS: Schema = {1: COMMON, 2: {3: {}}}
SIGNED_ROOT: Schema = {1: ROOT, 2: {}}
SIGNED_TARGETS: Schema = {1: TARGETS, 2: {}}
BUNDLE: Schema = {3: {2: SIGNED_TARGETS}, 4: {}, 5: SIGNED_ROOT, 65: SIGNED_ROOT}
MANIFEST: Schema = {1: {2: TARGETS}}


@dataclasses.dataclass(frozen=True)
class Field:
    """A field: a message that the schema knows, or the bytes of its content."""

    number: int
    content: bytes | Message
    wire_type: int = DELIMITED


@dataclasses.dataclass(frozen=True)
class Span:
    """The range of a field's content in the data."""

    number: int
    wire_type: int
    start: int
    end: int


def spans(data: bytes, start: int, end: int) -> Iterator[Span]:
    """The fields of the message data[start:end]. ValueError where it is none."""
    while start < end:
        tag, start = _varint(data, start, end)
        if tag % 8 == NUMBER:
            after = _varint(data, start, end)[1]
        elif tag % 8 == DELIMITED:
            length, start = _varint(data, start, end)
            after = start + length
        elif tag % 8 in FIXED:
            after = start + FIXED[tag % 8]
        else:
            raise ValueError(f"no field before {start}")
        if after > end:
            raise ValueError(f"the field at {start} ends after its message")
        yield Span(tag // 8, tag % 8, start, after)
        start = after


def take_apart(data: bytes, schema: Schema) -> Message:
    """The tree of a message. ValueError where it is none."""
    message = []
    for span in spans(data, 0, len(data)):
        content: bytes | Message = data[span.start : span.end]
        if span.number in schema and span.wire_type == DELIMITED:
            content = take_apart(data[span.start : span.end], schema[span.number])
        message.append(Field(span.number, content, span.wire_type))
    return tuple(message)


def put_together(message: Message) -> bytes:
    """The bytes of a tree."""
    return b"".join(_encode(field) for field in message)


def paths(message: Message) -> Iterator[Path]:
    """The path of every message in the tree, its own first."""
    yield ()
    for index, field in enumerate(message):
        if isinstance(field.content, tuple):
            for path in paths(field.content):
                yield (index, *path)


def at(message: Message, path: Path) -> Message:
    """Returns the message in this range."""
    for index in path:
        content = message[index].content
        assert isinstance(content, tuple)
        message = content
    return message


def replaced(message: Message, path: Path, new: Message) -> Message:
    """The tree with another message there."""
    if not path:
        return new
    index = path[0]
    content = message[index].content
    assert isinstance(content, tuple)
    field = dataclasses.replace(message[index], content=replaced(content, path[1:], new))
    return (*message[:index], field, *message[index + 1 :])


def children(message: Message, number: int) -> list[bytes]:
    """The contents, as bytes, of all fields of a number."""
    return [content_bytes(field) for field in message if field.number == number]


def content_bytes(field: Field) -> bytes:
    """A field's content as it is on the wire."""
    return put_together(field.content) if isinstance(field.content, tuple) else field.content


def _encode(field: Field) -> bytes:
    content = content_bytes(field)
    length = e.varint(len(content)) if field.wire_type == DELIMITED else b""
    return e.varint(field.number * 8 + field.wire_type) + length + content


def number_of(content: bytes) -> int:
    """A number from its bytes."""
    return _varint(content, 0, len(content))[0]


def _varint(data: bytes, start: int, end: int) -> tuple[int, int]:
    value = 0
    for index in range(start, min(end, start + 10)):
        value += (data[index] & 127) << 7 * (index - start)
        if data[index] < 128:
            if e.varint(value) != data[start : index + 1]:
                raise ValueError(f"a longer form of {value}")
            return value, index + 1
    raise ValueError(f"no number at {start}")
