"""Describes an ELF file: its header, segments, sections and symbols (System V ABI, chapters 4 and 5).

The addresses of symbols are left out, because a change of one function moves all others.
"""

import hashlib
import struct
from collections.abc import Iterator
from typing import NamedTuple

from software_update.base.errors import short_id
from software_update.disclosure.lines import Unreadable

MAGIC = b"\x7fELF"

_MAX_SECTIONS = 4096
_MAX_SEGMENTS = 4096
_MAX_SYMBOLS = 40_000
_MAX_NAME_BYTES = 256
_SYMBOL_TABLE, _DYNAMIC_SYMBOLS, _NO_BITS = 2, 11, 8
_LOAD = 1
# Of symbols: data and functions.
_OBJECT, _FUNCTION = 1, 2


class _Layout(NamedTuple):
    """The formats of the structures in files of one class, and the orders of the fields that are read."""

    header: str
    segment: str
    section: str
    symbol: str
    is_64: bool


_LAYOUTS = {
    1: _Layout("HHIIIIIHHHHHH", "IIIIIIII", "IIIIIIIIII", "IIIBBH", False),
    2: _Layout("HHIQQQIHHHHHH", "IIQQQQQQ", "IIQQQQIIQQ", "IBBHQQ", True),
}
_HEADER_BYTES = 16


class _Section(NamedTuple):
    name: int
    kind: int
    flags: int
    offset: int
    size: int
    link: int


class _File:
    """The content of an ELF file, and the bytes that may still be hashed."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        layout = _LAYOUTS.get(content[4]) if len(content) > _HEADER_BYTES else None
        order = {1: "<", 2: ">"}.get(content[5]) if layout else None
        if layout is None or order is None:
            raise Unreadable("has an ELF header of an unknown class")
        self.layout = layout
        self._order = order
        # Hostile sections can all be the same bytes.
        self._unhashed = 3 * len(content)

    def unpack(self, fields: str, offset: int) -> tuple[int, ...]:
        try:
            found: tuple[int, ...] = struct.unpack_from(self._order + fields, self.content, offset)
        except (struct.error, OverflowError):
            raise Unreadable("ends before its ELF headers do") from None
        return found

    def size_of(self, fields: str) -> int:
        return struct.calcsize(self._order + fields)

    def sha256(self, offset: int, size: int) -> str:
        if offset + size > len(self.content):
            raise Unreadable("has a section or segment beyond its end")
        self._unhashed -= size
        if self._unhashed < 0:
            raise Unreadable("has sections or segments that overlap")
        view = memoryview(self.content)[offset : offset + size]
        return short_id(hashlib.sha256(view).digest())

    def name(self, table: _Section, offset: int) -> str:
        start = table.offset + offset
        cut = self.content[start : start + _MAX_NAME_BYTES]
        return cut.split(b"\0", 1)[0].decode(errors="replace")


def elf_lines(content: bytes) -> Iterator[str]:
    """Yields the description. Raises Unreadable if the file is not well-formed."""
    file = _File(content)
    kind, machine, _, entry, segments_at, sections_at, flags, *rest = file.unpack(
        file.layout.header, _HEADER_BYTES
    )
    _, segment_size, segment_count, section_size, section_count, names = rest
    yield f"header: type {kind}, machine {machine}, flags {flags:#x}, entry {entry:#x}"
    if segment_count > _MAX_SEGMENTS:
        raise Unreadable(f"has more than {_MAX_SEGMENTS} segments")
    for index in range(segment_count):
        yield from _segment_lines(file, segments_at + index * segment_size)
    sections = _sections(file, sections_at, section_size, section_count)
    if sections:
        if names >= len(sections):
            raise Unreadable("has no table of section names")
        yield from sorted(_section_line(file, each, sections[names]) for each in sections[1:])
        yield from _symbol_lines(file, sections)


def _segment_lines(file: _File, offset: int) -> Iterator[str]:
    fields = file.unpack(file.layout.segment, offset)
    if file.layout.is_64:
        kind, flags, at, address, _, size, memory, _ = fields
    else:
        kind, at, address, _, size, memory, flags, _ = fields
    if kind == _LOAD:
        rights = "".join(letter for bit, letter in ((4, "r"), (2, "w"), (1, "x")) if flags & bit)
        yield (
            f"segment at {address:#x}: {rights or 'no rights'}, {size} bytes in the file, {memory} in "
            f"memory, sha256 {file.sha256(at, size)}..."
        )


def _sections(file: _File, offset: int, size: int, count: int) -> list[_Section]:
    if offset == 0:
        return []
    if count == 0:
        # More than 65,279 sections: the first one has their number.
        count = _section(file, offset).size
    if count > _MAX_SECTIONS:
        raise Unreadable(f"has more than {_MAX_SECTIONS} sections")
    return [_section(file, offset + index * size) for index in range(count)]


def _section(file: _File, offset: int) -> _Section:
    name, kind, flags, _, at, size, link, *_ = file.unpack(file.layout.section, offset)
    return _Section(name, kind, flags, at, size, link)


def _section_line(file: _File, section: _Section, names: _Section) -> str:
    start = (
        f"section {file.name(names, section.name)}: {section.size} bytes, flags {section.flags:#x}"
    )
    if section.kind == _NO_BITS:
        return start
    return f"{start}, sha256 {file.sha256(section.offset, section.size)}..."


def _symbol_lines(file: _File, sections: list[_Section]) -> Iterator[str]:
    """Yields a line for each function and variable, from the full table of symbols if there is one."""
    kinds = {each.kind for each in sections}
    wanted = _SYMBOL_TABLE if _SYMBOL_TABLE in kinds else _DYNAMIC_SYMBOLS
    lines = []
    for table in sections:
        if table.kind == wanted:
            if table.link >= len(sections):
                raise Unreadable("has a table of symbols without names")
            lines += list(_table_lines(file, table, sections[table.link]))
    yield from sorted(lines)


def _table_lines(file: _File, table: _Section, names: _Section) -> Iterator[str]:
    each_size = file.size_of(file.layout.symbol)
    count = table.size // each_size
    if count > _MAX_SYMBOLS:
        raise Unreadable(f"has more than {_MAX_SYMBOLS} symbols")
    for index in range(count):
        fields = file.unpack(file.layout.symbol, table.offset + index * each_size)
        if file.layout.is_64:
            name, info, _, _, _, size = fields
        else:
            name, _, size, info, _, _ = fields
        if info & 15 in (_OBJECT, _FUNCTION):
            what = "function" if info & 15 == _FUNCTION else "variable"
            yield f"{what} {file.name(names, name)}: {size} bytes"
