"""Encodes metadata in their canonical form: the bytes that this project's tools write for a content.

Each message has its fields in the order of their numbers, then the unknown ones in the order in which they
were. Lists are sorted, and a number 0 or empty bytes are left out. Protobuf, with which the tools write, is
the reference: a test compares the two.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from software_update.format import wire
from software_update.format.wire import Field, Known, Message

# Written also if it is 0: some clients need it.
_ALWAYS_WRITTEN = ("TargetFile.length", "Compression.original_length")


def encode(message: Message[Any], value: Any, unknown: Mapping[str, bytes]) -> bytes:
    """Returns the canonical form of metadata that a device accepts, from the value that `wire.read` returns.

    `unknown` has the unknown fields of each message by its path, as `encode_unknown` returns them.
    """
    return _encode(message, value, unknown, "")


def encode_unknown(data: bytes, unknown_fields: Iterable[tuple[str, Field]]) -> Mapping[str, bytes]:
    """Returns the unknown fields of each message by its path, from `wire.unknown_fields` of `data`."""
    found: dict[str, bytes] = {}
    for path, field in unknown_fields:
        content = data[field.start : field.end]
        if field.wire_type == wire.LENGTH_DELIMITED:
            content = wire.encode_varint(len(content)) + content
        tag = wire.encode_varint(field.number << 3 | field.wire_type)
        found[path] = found.get(path, b"") + tag + content
    return found


def _encode(message: Message[Any], value: Any, unknown: Mapping[str, bytes], path: str) -> bytes:
    parts = [
        part
        for field, content in zip(message.fields, value, strict=True)
        if content is not None
        for part in _parts(field, content, unknown, path)
    ]
    return b"".join((*parts, unknown.get(path, b"")))


def _parts(field: Known, content: Any, unknown: Mapping[str, bytes], path: str) -> Iterator[bytes]:
    """Yields the fields on the wire for one field of a message: one, or each element of a list."""
    # Only unknown fields need paths, and nearly all metadata have none.
    inner = _inner(path, field) if unknown else ""
    if field.repeated:
        elements = [
            (each, _field(field, each, unknown, f"{inner}[{index}]"))
            for index, each in enumerate(content)
        ]
        yield from (encoded for _, encoded in sorted(elements))
    elif content or field.message or field.default is None or field.name in _ALWAYS_WRITTEN:
        yield _field(field, content, unknown, inner)


def _inner(path: str, field: Known) -> str:
    name = field.name.partition(".")[2]
    return f"{path}.{name}" if path else name


def _field(field: Known, content: Any, unknown: Mapping[str, bytes], path: str) -> bytes:
    if field.wire_type == wire.VARINT:
        return wire.encode_number(field.number, content % 2**64)
    if field.message is not None:
        content = _encode(field.message, content, unknown, path)
    return wire.encode_field(field.number, content.encode() if field.text else content)
