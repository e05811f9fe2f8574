"""Strict reading of the protobuf wire format: it rejects what protobuf would merge, truncate or skip.

Limits are checked here, before protobuf allocates an object for each field.

https://protobuf.dev/programming-guides/encoding/
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from software_update.format import limits
from software_update.format.verdicts import Refused, Verdict

VARINT = 0
FIXED64 = 1
LENGTH_DELIMITED = 2
FIXED32 = 5

_MAX_VARINT_BYTES = 10

# protobuf would truncate a larger number. No field has a use for a negative one.
_MAX = {
    FieldDescriptor.TYPE_UINT32: 2**32 - 1,
    FieldDescriptor.TYPE_INT32: 2**31 - 1,
    FieldDescriptor.TYPE_BOOL: 1,
    FieldDescriptor.TYPE_ENUM: 2**31 - 1,
}

_MESSAGE = TypeVar("_MESSAGE", bound=Message)


class Field(NamedTuple):
    """A field on the wire. Its content is data[start:end]."""

    number: int
    wire_type: int
    value: int
    start: int
    end: int


def encode_varint(value: int) -> bytes:
    """A base-128 varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_header(number: int, length: int) -> bytes:
    """Returns the tag and length that precede the content of a length-delimited field."""
    return encode_varint(number << 3 | LENGTH_DELIMITED) + encode_varint(length)


def encode_field(number: int, content: bytes) -> bytes:
    """A whole length-delimited field."""
    return encode_header(number, len(content)) + content


def encode_number(number: int, value: int) -> bytes:
    """A whole varint field."""
    return encode_varint(number << 3 | VARINT) + encode_varint(value)


def decode_varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    """The varint at `position` and the position after it. At most 64 bits, in its shortest form."""
    # Nearly all of them are of one byte.
    if position < end and data[position] < 0x80:
        return data[position], position + 1
    value = shift = 0
    for byte in data[position : min(position + _MAX_VARINT_BYTES, end)]:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            if byte == 0 and shift > 7:
                raise Refused(Verdict.MALFORMED, "a number is not in its shortest form")
            if value >= 2**64:
                break
            return value, position + shift // 7
    if shift < 7 * _MAX_VARINT_BYTES:
        raise Refused(Verdict.MALFORMED, "ends in the middle of a number")
    raise Refused(Verdict.MALFORMED, "a number has more than 64 bits")


def split_tag(tag: int) -> tuple[int, int]:
    """Field number and wire type of a tag."""
    number, wire_type = tag >> 3, tag & 7
    if not 1 <= number < 2**29:
        raise Refused(Verdict.MALFORMED, f"field number {number} is out of range")
    if wire_type not in (VARINT, FIXED64, LENGTH_DELIMITED, FIXED32):
        raise Refused(Verdict.MALFORMED, f"field {number} has the unknown wire type {wire_type}")
    return number, wire_type


def fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yields the fields of the message data[start:end], in order."""
    position = start
    while position < end:
        field = Field(*_field_at(data, position, end))
        yield field
        position = field.end


def _field_at(data: bytes, position: int, end: int) -> tuple[int, int, int, int, int]:
    """Returns what Field has. Making one takes as long as reading it."""
    tag, position = decode_varint(data, position, end)
    number, wire_type = split_tag(tag)
    value = 0
    if wire_type == VARINT:
        value, after = decode_varint(data, position, end)
    elif wire_type == LENGTH_DELIMITED:
        value, position = decode_varint(data, position, end)
        after = position + value
    else:
        after = position + (8 if wire_type == FIXED64 else 4)
    if after > end:
        raise _too_long(number)
    return number, wire_type, value, position, after


def check(data: bytes, start: int, end: int, message: type[Message], *, max_unknown: int) -> None:
    """Checks the form of the message data[start:end], and counts its parts, without parsing it.

    Every singular field appears at most once, every number fits, every string is UTF-8, and nothing
    exceeds `limits.MAX_COUNTS` and `limits.MAX_LENGTHS`. `max_unknown` is for signed bytes, in which the
    signature covers fields that a client does not know: the number of them that are skipped, at any
    depth. With 0, an unknown field is refused.
    """
    _Check(data, max_unknown).check(start, end, _describe(message.DESCRIPTOR))


def parse(data: bytes, message: type[_MESSAGE], *, max_unknown: int) -> _MESSAGE:
    """Parses a whole message that passes `check`."""
    check(data, 0, len(data), message, max_unknown=max_unknown)
    return message.FromString(data)


def unknown_fields(data: bytes, message: type[Message]) -> Iterator[tuple[str, Field]]:
    """Yields each unknown field of data that `check` accepted, after the path of the message it is in.

    A path is such as `target_files[3].hashes[0]`, and "" for the outermost message.
    """
    yield from _unknown_fields(data, 0, len(data), _describe(message.DESCRIPTOR), "")


def _unknown_fields(
    data: bytes, start: int, end: int, message: "_Description", path: str
) -> Iterator[tuple[str, Field]]:
    counts: dict[int, int] = {}
    for found in fields(data, start, end):
        field = message.by_number.get(found.number)
        if field is None:
            yield path, found
        elif field.message is not None:
            index = counts[found.number] = counts.get(found.number, -1) + 1
            name = field.name.removeprefix(f"{message.name}.")
            name = f"{name}[{index}]" if field.repeated else name
            inner = f"{path}.{name}" if path else name
            yield from _unknown_fields(data, found.start, found.end, field.message, inner)


class _Known(NamedTuple):
    """A field of a message's description. `most` is how often it may appear in one message."""

    number: int
    name: str
    wire_type: int
    repeated: bool
    most: int
    # Of a varint; otherwise of the length of the content.
    max_value: int
    text: bool
    message: "_Description | None"


class _Description(NamedTuple):
    """The fields that a message may have. `by_tag` has those whose tag takes one byte."""

    name: str
    by_tag: Mapping[int, _Known]
    by_number: Mapping[int, _Known]


# Asking protobuf again for each field takes several times as long as the checks.
@functools.cache
def _describe(descriptor: Any) -> _Description:
    known = [_known(descriptor, field) for field in descriptor.fields]
    by_tag = {each.number << 3 | each.wire_type: each for each in known if each.number < 16}
    return _Description(descriptor.name, by_tag, {each.number: each for each in known})


def _known(descriptor: Any, field: Any) -> _Known:
    name = f"{descriptor.name}.{field.name}"
    text = field.type == FieldDescriptor.TYPE_STRING
    bounded = text or field.type == FieldDescriptor.TYPE_BYTES
    return _Known(
        field.number,
        name,
        LENGTH_DELIMITED if bounded or field.message_type else VARINT,
        field.is_repeated,
        limits.MAX_COUNTS[name] if field.is_repeated else 1,
        limits.MAX_LENGTHS[name] if bounded else _MAX.get(field.type, 2**64 - 1),
        text,
        _describe(field.message_type) if field.message_type else None,
    )


class _Check:
    """One pass over a message. It allocates nothing that grows with the message."""

    def __init__(self, data: bytes, max_unknown: int) -> None:
        self._data = data
        self._max_unknown = max_unknown
        self._unknown = 0

    def check(self, position: int, end: int, message: _Description) -> None:
        data, by_tag = self._data, message.by_tag
        counts = dict.fromkeys(message.by_number, 0)
        while position < end:
            field = by_tag.get(data[position])
            # Nearly all tags and numbers take one byte each. A call for each field would take longer
            # than its checks.
            if field is not None and position + 1 < end:
                wire_type, value, start = field.wire_type, data[position + 1], position + 2
                if value > 0x7F:
                    value, start = decode_varint(data, position + 1, end)
                position = start if wire_type == VARINT else start + value
                if position > end:
                    raise _too_long(field.number)
            else:
                number, wire_type, value, start, position = _field_at(data, position, end)
                field = message.by_number.get(number)
                if field is None:
                    self._skip(number, message)
                    continue
            counts[field.number] += 1
            if counts[field.number] > field.most:
                raise _too_many(field)
            if wire_type != field.wire_type:
                raise Refused(Verdict.MALFORMED, f"{field.name} has the wrong wire type")
            if value > field.max_value:
                raise _too_large(field, value)
            if field.message is not None:
                self.check(start, position, field.message)
            elif field.text:
                _check_text(field, data[start:position])

    def _skip(self, number: int, message: _Description) -> None:
        self._unknown += 1
        if self._unknown <= self._max_unknown:
            return
        if self._max_unknown:
            raise Refused(Verdict.TOO_LARGE, f"more than {self._max_unknown} unknown fields")
        raise Refused(
            Verdict.UNEXPECTED_FIELD,
            f"no signature covers field {number} of {message.name}",
        )


def _too_long(number: int) -> Refused:
    return Refused(Verdict.MALFORMED, f"field {number} ends after its message")


def _too_many(field: _Known) -> Refused:
    if field.repeated:
        return Refused(Verdict.TOO_LARGE, f"{field.name} appears more than {field.most} times")
    return Refused(Verdict.DUPLICATE_FIELD, f"{field.name} appears twice")


def _too_large(field: _Known, value: int) -> Refused:
    if field.wire_type == VARINT:
        return Refused(Verdict.MALFORMED, f"{field.name} is out of range")
    return Refused(
        Verdict.TOO_LARGE, f"{field.name} has {value} bytes; at most {field.max_value} are allowed"
    )


def _check_text(field: _Known, content: bytes) -> None:
    try:
        content.decode()
    except UnicodeDecodeError:
        raise Refused(Verdict.MALFORMED, f"{field.name} is not UTF-8") from None
