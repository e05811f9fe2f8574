"""The protobuf wire format, read strictly: what protobuf would merge, truncate or skip is refused.

https://protobuf.dev/programming-guides/encoding/
"""

import functools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from software_update.errors import Refused, Verdict

VARINT = 0
FIXED64 = 1
LENGTH_DELIMITED = 2
FIXED32 = 5

# protobuf would truncate a larger number. No field has a use for a negative one.
_MAX = {
    FieldDescriptor.TYPE_UINT32: 2**32 - 1,
    FieldDescriptor.TYPE_INT32: 2**31 - 1,
    FieldDescriptor.TYPE_BOOL: 1,
    FieldDescriptor.TYPE_ENUM: 2**31 - 1,
}
_DELIMITED = (
    FieldDescriptor.TYPE_MESSAGE,
    FieldDescriptor.TYPE_BYTES,
    FieldDescriptor.TYPE_STRING,
)
_MESSAGE = TypeVar("_MESSAGE", bound=Message)


class Field(NamedTuple):
    """One field as it stands on the wire. `start` and `end` delimit its content in the data."""

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
    """The tag and length that stand before a length-delimited field's content."""
    return encode_varint(number << 3 | LENGTH_DELIMITED) + encode_varint(length)


def encode_field(number: int, content: bytes) -> bytes:
    """A whole length-delimited field."""
    return encode_header(number, len(content)) + content


def decode_varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    """The varint at `position` and the position after it. At most 64 bits, in its shortest form."""
    # Nearly all of them are of one byte.
    if position < end and data[position] < 0x80:
        return data[position], position + 1
    value = 0
    for shift in range(0, 70, 7):
        if position >= end:
            raise Refused(Verdict.MALFORMED, "ends in the middle of a number")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and shift:
                raise Refused(Verdict.MALFORMED, "a number is not in its shortest form")
            if value >= 2**64:
                break
            return value, position
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
    """The fields of the message data[start:end], in order."""
    position = start
    while position < end:
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
            raise Refused(Verdict.MALFORMED, f"field {number} ends after its message")
        yield Field(number, wire_type, value, position, after)
        position = after


def parse(data: bytes, message: type[_MESSAGE], *, skip_unknown: bool) -> _MESSAGE:
    """Parses a message in which every singular field stands at most once and every number fits.

    `skip_unknown` is for signed bytes, where a field that a client does not know is covered by the
    signature; elsewhere an unknown field is refused.
    """
    _check(data, 0, len(data), message.DESCRIPTOR, skip_unknown)
    try:
        return message.FromString(data)
    except DecodeError:
        raise Refused(Verdict.MALFORMED, f"is no {message.DESCRIPTOR.name}") from None


class _Known(NamedTuple):
    """What a message's description says of a field."""

    name: str
    full_name: str
    repeated: bool
    wire_type: int
    max_value: int
    message: Any


# Asking protobuf again for each field takes several times as long as the checks.
@functools.cache
def _known_fields(descriptor: Any) -> Mapping[int, _Known]:
    return {
        number: _Known(
            field.name,
            field.full_name,
            field.is_repeated,
            LENGTH_DELIMITED if field.type in _DELIMITED else VARINT,
            _MAX.get(field.type, 2**64 - 1),
            field.message_type,
        )
        for number, field in descriptor.fields_by_number.items()
    }


def _check(data: bytes, start: int, end: int, descriptor: Any, skip_unknown: bool) -> None:
    known = _known_fields(descriptor)
    seen: set[int] = set()
    for found in fields(data, start, end):
        field = known.get(found.number)
        if field is None:
            if not skip_unknown:
                raise Refused(
                    Verdict.UNEXPECTED_FIELD,
                    f"field {found.number} of {descriptor.name} is covered by no signature",
                )
            continue
        if not field.repeated:
            if found.number in seen:
                raise Refused(
                    Verdict.DUPLICATE_FIELD, f"{descriptor.name}.{field.name} stands twice"
                )
            seen.add(found.number)
        if found.wire_type != field.wire_type:
            raise Refused(Verdict.MALFORMED, f"{field.full_name} has the wrong wire type")
        if field.message is not None:
            _check(data, found.start, found.end, field.message, skip_unknown)
        elif found.value > field.max_value:
            raise Refused(Verdict.MALFORMED, f"{field.full_name} is out of range")
