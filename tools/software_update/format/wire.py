"""Reads and writes the protobuf wire format, without protobuf.

Reading is strict: it rejects what protobuf would merge, truncate or skip. One pass checks a message and
returns its values, so the values that a caller uses are the ones that were checked. Limits are checked
before anything is allocated for a field. `messages` describes the messages.

    role = wire.read(data, 0, len(data), messages.SIGNATURE_REQUIREMENT, max_unknown=0)
    role.threshold

Raises Refused with MALFORMED, DUPLICATE_FIELD, TOO_LARGE or UNEXPECTED_FIELD, and no other error.

https://protobuf.dev/programming-guides/encoding/
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any, Generic, NamedTuple, TypeVar

from software_update.format.verdicts import Refused, Verdict

VARINT = 0
FIXED64 = 1
LENGTH_DELIMITED = 2
FIXED32 = 5

_MAX_VARINT_BYTES = 10

_VALUE = TypeVar("_VALUE")


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
    """Returns the parts of a Field as a plain tuple, which takes half the time of making a Field."""
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


class Placed(NamedTuple):
    """A field's value and its place: its content is data[start:end]. The value of bytes is None."""

    value: Any
    start: int
    end: int


class Message(Generic[_VALUE]):
    """The description of a message: its fields, and the NamedTuple that holds their values in order."""

    def __init__(self, name: str, value: type[_VALUE], *fields: "Known") -> None:
        self.name = name
        self.fields = fields
        slots = [(slot, 1 << slot, *_outline(each)) for slot, each in enumerate(fields)]
        self.slots = {each.number: slot for each, slot in zip(fields, slots, strict=True)}
        self.slots_by_tag = {
            number << 3 | slot[2]: slot for number, slot in self.slots.items() if number < 16
        }
        self.absent: list[Any] = [() if each.repeated else each.default for each in fields]
        self._lists = [slot for slot, each in enumerate(fields) if each.repeated]
        # As value._make, which takes three times as long.
        self._make: Callable[[list[Any]], _VALUE] = functools.partial(tuple.__new__, value)  # type: ignore[type-var]

    def make(self, values: list[Any]) -> _VALUE:
        """Makes the value of a message from those of its fields. Lists become tuples."""
        for slot in self._lists:
            values[slot] = tuple(values[slot])
        return self._make(values)


class Known(NamedTuple):
    """A field that a message may have.

    `most` is how often it may appear in one message, and `limit` the largest number or the most bytes
    that it may hold. `value_of` converts a number from what is on the wire. The value of a `placed`
    field is a Placed. `default` is the value of a singular field that is absent.
    """

    number: int
    name: str
    wire_type: int = LENGTH_DELIMITED
    repeated: bool = False
    most: int = 1
    limit: int = 2**64 - 1
    text: bool = False
    value_of: Callable[[int], Any] | None = None
    message: Message[Any] | None = None
    placed: bool = False
    default: Any = None


def _outline(field: Known) -> tuple[int, int, int, bool, Known]:
    """Returns the wire type, `most`, `limit`, whether the value needs no conversion, and the field.

    In the loop over fields, the attributes of a NamedTuple take twice as long as those of a plain tuple.
    """
    plain = not (field.value_of or field.text or field.message or field.placed)
    return field.wire_type, field.most, field.limit, plain, field


def read(
    data: bytes,
    start: int,
    end: int,
    message: Message[_VALUE],
    *,
    max_unknown: int,
    keep_lists: bool = True,
) -> _VALUE:
    """Checks the message data[start:end], and returns its values.

    Every singular field appears at most once, every number fits, every string is UTF-8, and nothing
    exceeds the limits in `message`. `max_unknown` is for signed bytes, in which the signature covers
    fields that a client does not know: the number of them that are skipped, at any depth. With 0, an
    unknown field is refused. Without `keep_lists`, each message in a list of messages is checked and
    replaced by None, so memory does not grow with the list.
    """
    return _Reader(data, max_unknown, keep_lists).read(start, end, message)


def unknown_fields(data: bytes, message: Message[Any]) -> Iterator[tuple[str, Field]]:
    """Yields each unknown field of data that `read` accepted, after the path of the message it is in.

    A path is such as `target_files[3].hashes[0]`, and "" for the outermost message.
    """
    yield from _unknown_fields(data, 0, len(data), message, "")


def _unknown_fields(
    data: bytes, start: int, end: int, message: Message[Any], path: str
) -> Iterator[tuple[str, Field]]:
    counts: dict[int, int] = {}
    for found in fields(data, start, end):
        slot = message.slots.get(found.number)
        if slot is None:
            yield path, found
            continue
        field = slot[-1]
        if field.message is not None:
            index = counts[found.number] = counts.get(found.number, -1) + 1
            name = field.name.removeprefix(f"{message.name}.")
            name = f"{name}[{index}]" if field.repeated else name
            inner = f"{path}.{name}" if path else name
            yield from _unknown_fields(data, found.start, found.end, field.message, inner)


class _Reader:
    """One pass over a message."""

    def __init__(self, data: bytes, max_unknown: int, keep_lists: bool) -> None:
        self._data = data
        self._max_unknown = max_unknown
        self._keep_lists = keep_lists
        self._unknown = 0

    def read(self, position: int, end: int, message: Message[_VALUE]) -> _VALUE:
        data, slots_by_tag = self._data, message.slots_by_tag
        values, seen = message.absent.copy(), 0
        while position < end:
            found = slots_by_tag.get(data[position])
            # Nearly all tags and numbers take one byte each. A call for each field would take longer
            # than its checks.
            if found is not None and position + 1 < end:
                slot, bit, expected_type, most, limit, plain, field = found
                wire_type, value, start = expected_type, data[position + 1], position + 2
                if value > 0x7F:
                    value, start = decode_varint(data, position + 1, end)
                position = start if wire_type == VARINT else start + value
                if position > end:
                    raise _too_long(field.number)
            else:
                number, wire_type, value, start, position = _field_at(data, position, end)
                found = message.slots.get(number)
                if found is None:
                    self._skip(number, message)
                    continue
                slot, bit, expected_type, most, limit, plain, field = found
            full = seen & bit and (most == 1 or len(values[slot]) == most)
            if full or wire_type != expected_type or value > limit:
                raise _too_many(field) if full else _unfit(field, wire_type, value)
            if plain:
                content: Any = value if wire_type == VARINT else data[start:position]
            else:
                content = self._converted(field, value, start, position)
            if most == 1:
                values[slot] = content
            elif seen & bit:
                values[slot].append(content)
            else:
                values[slot] = [content]
            seen |= bit
        return message.make(values)

    def _converted(self, field: Known, number: int, start: int, end: int) -> Any:
        """Returns the value of a field that is more than a number or bytes."""
        if field.text:
            return _text(field, self._data[start:end])
        if field.value_of is not None:
            return field.value_of(number)
        value = None if field.message is None else self.read(start, end, field.message)
        if field.placed:
            return Placed(value, start, end)
        return value if self._keep_lists or not field.repeated else None

    def _skip(self, number: int, message: Message[Any]) -> None:
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


def _too_many(field: Known) -> Refused:
    if field.repeated:
        return Refused(Verdict.TOO_LARGE, f"{field.name} appears more than {field.most} times")
    return Refused(Verdict.DUPLICATE_FIELD, f"{field.name} appears twice")


def _unfit(field: Known, wire_type: int, value: int) -> Refused:
    if wire_type != field.wire_type:
        return Refused(Verdict.MALFORMED, f"{field.name} has the wrong wire type")
    if wire_type == VARINT:
        return Refused(Verdict.MALFORMED, f"{field.name} is out of range")
    return Refused(
        Verdict.TOO_LARGE, f"{field.name} has {value} bytes; at most {field.limit} are allowed"
    )


def _text(field: Known, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise Refused(Verdict.MALFORMED, f"{field.name} is not UTF-8") from None
