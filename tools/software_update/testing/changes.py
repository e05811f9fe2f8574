"""Metadata with every kind of field, and small changes of metadata: of a byte, a bit or a field."""

from collections.abc import Iterator
from typing import Any

from software_update.format import wire
from software_update.format.proto import tuf_pb2
from software_update.testing import encode as e
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    key_id,
)

# A message: its fields in order, each a number and a value. A tuple is a field of a fixed size.
_Value = int | bytes | tuple[int, bytes] | list[Any]
_Node = list[tuple[int, _Value]]

TARGETS = e.targets_of(
    e.common("targets", 7, expires=1924992000, nanos=5),
    [e.target_of("app", 8, [(1, bytes(32)), (2, b"other")]), e.compressed("boot", b"x", b"")],
)
KEYS = (ROOT_KEY, ROOT_KEY_2, TARGETS_KEY, TARGETS_KEY_2, STRANGER)
ROOT = (
    e.blob(1, e.common("root", 3, spec="1.2.3"))
    + e.number(2, 1)
    + b"".join(e.blob(3, e.key(each)) for each in sorted(KEYS, key=key_id))
    + e.blob(4, e.role(sorted(map(key_id, (ROOT_KEY, ROOT_KEY_2))), 2))
    + e.blob(5, e.role([key_id(STRANGER)], 1))
    + e.blob(6, e.role([], 3))
    + e.blob(7, e.role(sorted(map(key_id, (TARGETS_KEY, TARGETS_KEY_2))), 1))
    + e.text(254, "app")
    + e.text(254, "assets/*")
    + e.number(255, 1)
)


def changed_bytes(data: bytes) -> Iterator[bytes]:
    """The data with one byte removed or one bit changed."""
    for index in range(len(data)):
        yield data[:index] + data[index + 1 :]
        for bit in range(8):
            yield data[:index] + bytes([data[index] ^ 1 << bit]) + data[index + 1 :]


def changed_fields(data: bytes) -> Iterator[bytes]:
    """The data with one field changed, moved, removed or added, at every level."""
    is_root = b"root" in data
    message = tuf_pb2.RootMetadata if is_root else tuf_pb2.TargetsMetadata
    yield from map(_encode, _changes(_decode(data, message.DESCRIPTOR)))


def _changes(node: _Node) -> Iterator[_Node]:
    for index, (number, value) in enumerate(node):
        before, after = node[:index], node[index + 1 :]
        yield before + after
        yield [*before, node[index], *node[index:]]
        yield [*after, node[index], *before]
        if isinstance(value, list):
            yield from ([*before, (number, each), *after] for each in _changes(value))
        elif isinstance(value, int):
            yield from ([*before, (number, each), *after] for each in (0, 1, 2, value + 1))
        elif isinstance(value, bytes):
            yield from (
                [*before, (number, each), *after] for each in (b"", value + b"x", value[:-1])
            )
    for number in (*range(1, 8), 90, 91, 254, 255):
        values: list[_Value] = [0, 1, b"", b"x", (1, bytes(8)), (5, bytes(4))]
        for value in values:
            yield [(number, value), *node]
            yield [*node, (number, value)]


def _decode(data: bytes, descriptor: Any) -> _Node:
    node: _Node = []
    for field in wire.fields(data, 0, len(data)):
        known = descriptor and descriptor.fields_by_number.get(field.number)
        content = data[field.start : field.end]
        if field.wire_type == wire.VARINT:
            node.append((field.number, field.value))
        elif known and known.message_type:
            node.append((field.number, _decode(content, known.message_type)))
        else:
            node.append((field.number, content))
    return node


def _encode(node: _Node) -> bytes:
    return b"".join(_encode_field(number, value) for number, value in node)


def _encode_field(number: int, value: _Value) -> bytes:
    if isinstance(value, int):
        return e.number(number, value)
    if isinstance(value, tuple):
        return e.varint(number * 8 + value[0]) + value[1]
    return e.blob(number, _encode(value) if isinstance(value, list) else value)
