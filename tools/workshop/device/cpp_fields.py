"""Renders the fields of all messages as the tables of the C++ reader (device/src/field.h)."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import cpp
from software_update.bundle import envelope
from software_update.format import limits, messages, wire
from software_update.format.wire import Known, Message

PATH = "device/src/field_table.h"

# The envelope has rules of its own about how often a field may appear.
_NO_LIMIT = 2**64 - 1


class _Parts(NamedTuple):
    """The parts of an UpdateBundle or of a map entry in it; Python's reader takes them apart itself."""


_TARGETS_ENTRY = Message(
    "TargetsEntry",
    _Parts,
    Known(envelope.KEY_FIELD, "key", limit=limits.MAX_ENVELOPE_NAME_BYTES),
    Known(envelope.VALUE_FIELD, "value", message=messages.SIGNED_TARGETS_METADATA, placed=True),
)
_PAYLOAD_ENTRY = Message(
    "PayloadEntry",
    _Parts,
    Known(envelope.KEY_FIELD, "key", limit=limits.MAX_ENVELOPE_NAME_BYTES),
    Known(envelope.VALUE_FIELD, "value"),
)
_UPDATE_BUNDLE = Message(
    "UpdateBundle",
    _Parts,
    Known(
        envelope.TARGETS_FIELD,
        "targets_metadata",
        repeated=True,
        most=_NO_LIMIT,
        message=_TARGETS_ENTRY,
    ),
    Known(
        envelope.PAYLOAD_FIELD,
        "target_payloads",
        repeated=True,
        most=_NO_LIMIT,
        message=_PAYLOAD_ENTRY,
    ),
    Known(
        envelope.ROOT_FIELD,
        "root_metadata",
        limit=limits.MAX_ROOT_METADATA_BYTES,
        message=messages.SIGNED_ROOT_METADATA,
        placed=True,
    ),
    Known(
        envelope.ROOT_CHAIN_FIELD,
        "root_chain",
        repeated=True,
        most=limits.MAX_ROOT_CHAIN,
        limit=limits.MAX_ROOT_METADATA_BYTES,
        message=messages.SIGNED_ROOT_METADATA,
        placed=True,
    ),
)
_ENVELOPE = (_UPDATE_BUNDLE, _TARGETS_ENTRY, _PAYLOAD_ENTRY)
# Python takes these bytes first, and reads the message in them when it knows that the rest is good.
_CONTAINED: dict[str, Message[Any]] = {
    "SignedRootMetadata.serialized_root_metadata": messages.ROOT_METADATA,
    "SignedTargetsMetadata.serialized_targets_metadata": messages.TARGETS_METADATA,
}


def render() -> str:
    """Returns field_table.h."""
    every = [*_ENVELOPE, *(each for each in vars(messages).values() if isinstance(each, Message))]
    fields = [(message, field) for message in every for field in message.fields]
    repeated = [field for _, field in fields if field.repeated]
    body = f"""\
// The messages, in the order of kFirstField.
enum class MessageId : uint8_t {{
{_lines(f"  k{each.name}," for each in every)}}};

// The fields of all messages, in the order of kFields.
enum class FieldId : uint8_t {{
{_lines(f"  {_field_id(message, field)}," for message, field in fields)}}};

constexpr uint8_t index_of(MessageId message) {{ return static_cast<uint8_t>(message); }}

constexpr Field kFields[] = {{
{_lines(_rows(every, repeated))}}};

// The index of the first field of each message, and the number of all fields.
constexpr uint8_t kFirstField[] = {{
{_lines(_commented(_starts(every)))}}};

// How often a repeated field may appear in one message: a limit of field.h.
constexpr uint8_t kMostRepeated[] = {{
{_lines(_commented((_limit(each.most), each.name) for each in repeated))}}};
constexpr uint8_t kRepeatedFields = sizeof(kMostRepeated) / sizeof(kMostRepeated[0]);
"""
    return cpp.header(
        PATH,
        "messages.py, limits.py and envelope.py",
        "The fields of the messages of a bundle and of a device's manifest.",
        ["<stdint.h>", "", '"field.h"'],
        body,
    )


def _rows(every: list[Message[Any]], repeated: list[Known]) -> Iterator[str]:
    for message in every:
        yield f"    // {message.name}"
        for field in message.fields:
            inside = _inside(field)
            parts = (
                str(field.number),
                f"Kind::{_kind(field)}",
                str(1 + repeated.index(field)) if field.repeated else "0",
                _limit(field.limit),
                f"index_of(MessageId::k{inside.name})" if inside else "0",
            )
            yield f"    {{{', '.join(parts)}}},"


def _inside(field: Known) -> Message[Any] | None:
    return field.message or _CONTAINED.get(field.name)


def _kind(field: Known) -> str:
    if field.wire_type == wire.VARINT:
        return "kNumber"
    if field.name in _CONTAINED or (field.message and _is_contained(field)):
        return "kContained"
    return "kMessage" if field.message else "kText" if field.text else "kBytes"


def _is_contained(field: Known) -> bool:
    return any(field is each for message in _ENVELOPE for each in message.fields) and field.placed


def _limit(limit: int) -> str:
    """Returns a limit in the encoding of field.h. Raises ValueError if it has none."""
    if limit == _NO_LIMIT:
        return "kNoLimit"
    if limit & (limit + 1) == 0:
        return str(limit.bit_length())
    if limit & (limit - 1) == 0:
        return f"kPowerOfTwo | {limit.bit_length() - 1}"
    raise ValueError(f"field.h has no encoding for the limit {limit}; add one")


def _field_id(message: Message[Any], field: Known) -> str:
    name = field.name.rsplit(".", 1)[-1]
    return f"k{message.name}{cpp.enumerator(name).removeprefix('k')}"


def _starts(every: list[Message[Any]]) -> Iterator[tuple[str, str]]:
    start = 0
    for message in every:
        yield str(start), message.name
        start += len(message.fields)
    yield str(start), "all"


def _commented(values: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yields a line for each value of an array and its comment; the comments are aligned."""
    lines = list(values)
    width = max(len(value) for value, _ in lines)
    for value, comment in lines:
        yield f"    {(value + ',').ljust(width + 1)}  // {comment}"


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{each}\n" for each in lines)
