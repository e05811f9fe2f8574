"""Describes a device tree blob: a line for each node and property (Devicetree Specification 0.4, 5)."""

import hashlib
import struct
from collections.abc import Iterator

from software_update.base.errors import short_id
from software_update.disclosure.lines import Unreadable

MAGIC = b"\xd0\x0d\xfe\xed"

_HEADER = ">10I"
_BEGIN_NODE, _END_NODE, _PROPERTY, _NO_OPERATION, _END = 1, 2, 3, 4, 9
_MAX_DEPTH = 64
_MAX_NAME_BYTES = 64
_MAX_SHOWN_BYTES = 64


def device_tree_lines(content: bytes) -> Iterator[str]:
    """Yields the description. Raises Unreadable if the blob is not well-formed."""
    _, size, structure, strings, _, version, *_ = _unpack(_HEADER, content, 0)
    if size > len(content):
        raise Unreadable("ends before its header says")
    yield f"version {version}"
    path: list[str] = []
    at = structure
    while True:
        (token,) = _unpack(">I", content, at)
        at += 4
        if token == _BEGIN_NODE:
            name = _name(content, at)
            at = _aligned(content.index(b"\0", at) + 1)
            path.append(name)
            if len(path) > _MAX_DEPTH:
                raise Unreadable(f"has nodes more than {_MAX_DEPTH} deep")
            yield f"node {_place(path)}"
        elif token == _END_NODE:
            if not path:
                raise Unreadable("ends a node that it did not begin")
            path.pop()
        elif token == _PROPERTY:
            length, name_at = _unpack(">II", content, at)
            at += 8
            value = content[at : at + length]
            if len(value) < length:
                raise Unreadable("ends in a property")
            at = _aligned(at + length)
            yield f"{_place(path)}:{_name(content, strings + name_at)} = {_value(value)}"
        elif token == _END:
            return
        elif token != _NO_OPERATION:
            raise Unreadable(f"has an unknown token {token}")


def _unpack(fields: str, content: bytes, offset: int) -> tuple[int, ...]:
    try:
        found: tuple[int, ...] = struct.unpack_from(fields, content, offset)
    except struct.error:
        raise Unreadable("ends before its tree does") from None
    return found


def _aligned(offset: int) -> int:
    return (offset + 3) & ~3


def _place(path: list[str]) -> str:
    # The root node has an empty name.
    return "/".join(path) or "/"


def _name(content: bytes, offset: int) -> str:
    cut = content[offset : offset + _MAX_NAME_BYTES]
    name, end, _ = cut.partition(b"\0")
    if not end:
        raise Unreadable(f"has a name of {_MAX_NAME_BYTES} bytes or more")
    return name.decode(errors="replace")


def _value(value: bytes) -> str:
    if len(value) > _MAX_SHOWN_BYTES:
        return f"{len(value)} bytes, sha256 {short_id(hashlib.sha256(value).digest())}..."
    texts = value.removesuffix(b"\0").split(b"\0")
    if value.endswith(b"\0") and all(each and _is_text(each) for each in texts):
        return ", ".join(f'"{each.decode()}"' for each in texts)
    if len(value) % 4 == 0:
        cells = struct.unpack(f">{len(value) // 4}I", value)
        return f"<{' '.join(f'{each:#x}' for each in cells)}>"
    return f"[{value.hex(' ')}]"


def _is_text(value: bytes) -> bool:
    return all(32 <= byte < 127 for byte in value)
