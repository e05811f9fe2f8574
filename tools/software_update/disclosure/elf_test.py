"""Tests of the description of ELF files."""

import struct
import sys
from pathlib import Path

import pytest

from software_update.disclosure.elf import MAGIC, elf_lines
from software_update.disclosure.lines import Unreadable

NAMES = b"\0.text\0.bss\0.symtab\0.strtab\0main\0table\0local\0"
TEXT = b"\1\2\3\4"
FUNCTION, VARIABLE, OTHER = 0x12, 0x11, 0x03


class Layout:
    """The structures of one class and byte order, of which only the fields matter that are read."""

    def __init__(self, bits: int, order: str) -> None:
        self.bits, self.order = bits, order
        self.word = "I" if bits == 32 else "Q"

    def pack(self, fields: str, *values: int) -> bytes:
        return struct.pack(self.order + fields.replace("P", self.word), *values)

    def symbol(self, name: int, kind: int, size: int) -> bytes:
        if self.bits == 32:
            return self.pack("IIIBBH", name, 0, size, kind, 0, 0)
        return self.pack("IBBHQQ", name, kind, 0, 0, 0, size)

    def section(self, name: int, kind: int, offset: int = 0, size: int = 0, link: int = 0) -> bytes:
        return self.pack("IIPPPPIIPP", name, kind, 6, 0, offset, size, link, 0, 0, 0)

    def segment(self, kind: int, offset: int, size: int, flags: int = 5) -> bytes:
        if self.bits == 32:
            return self.pack("IIIIIIII", kind, offset, 0x8000, 0, size, size + 8, flags, 0)
        return self.pack("IIQQQQQQ", kind, flags, offset, 0x8000, 0, size, size + 8, 0)

    def start(self, *rest: int) -> bytes:
        """The header. `rest`: offsets and counts of segments and sections, and the section of names."""
        segments, segment_count, sections, section_count, names = rest
        ident = MAGIC + bytes([self.bits // 32, 1 if self.order == "<" else 2]) + bytes(10)
        sizes = (len(self.segment(0, 0, 0)), segment_count, len(self.section(0, 0)), section_count)
        fields = (2, 40, 1, 0x8001, segments, sections, 0x500, 64, *sizes, names)
        return ident + self.pack("HHIPPPIHHHHHH", *fields)


LAYOUTS = [Layout(bits, order) for bits in (32, 64) for order in "<>"]
LITTLE = LAYOUTS[0]


def file(layout: Layout, table: int = 2, symbols: bytes | None = None, link: int = 4) -> bytes:
    """A file with a segment, and the sections .text, .bss, .symtab and .strtab."""
    head = len(layout.start(0, 0, 0, 0, 0))
    if symbols is None:
        symbols = (
            layout.symbol(0, 0, 0)
            + layout.symbol(NAMES.index(b"main"), FUNCTION, 16)
            + layout.symbol(NAMES.index(b"table"), VARIABLE, 4)
            + layout.symbol(NAMES.index(b"local"), OTHER, 0)
        )
    segments = layout.segment(1, head, 4) + layout.segment(6, 2**31, 2**31)
    at_segments = head + len(TEXT)
    at_symbols = at_segments + len(segments)
    at_names = at_symbols + len(symbols)
    at_sections = at_names + len(NAMES)
    sections = (
        layout.section(0, 0)
        + layout.section(NAMES.index(b".text"), 1, head, len(TEXT))
        + layout.section(NAMES.index(b".bss"), 8, 0, 2**31)
        + layout.section(NAMES.index(b".symtab"), table, at_symbols, len(symbols), link)
        + layout.section(NAMES.index(b".strtab"), 3, at_names, len(NAMES))
    )
    start = layout.start(at_segments, 2, at_sections, 5, 4)
    return start + TEXT + segments + symbols + NAMES + sections


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda each: f"{each.bits}{each.order}")
def test_all_classes_and_orders(layout: Layout) -> None:
    digest = "sha256 9f64a747e1b97f13..."
    found = list(elf_lines(file(layout)))
    assert found[:4] == [
        "header: type 2, machine 40, flags 0x500, entry 0x8001",
        f"segment at 0x8000: rx, 4 bytes in the file, 12 in memory, {digest}",
        "section .bss: 2147483648 bytes, flags 0x6",
        found[3],
    ]
    assert [each.split(":")[0] for each in found[3:]] == [
        "section .strtab",
        "section .symtab",
        "section .text",
        "function main",
        "variable table",
    ]
    assert f"section .text: 4 bytes, flags 0x6, {digest}" in found
    assert found[-2:] == ["function main: 16 bytes", "variable table: 4 bytes"]


def test_dynamic_symbols_count_without_others() -> None:
    assert "function main: 16 bytes" in list(elf_lines(file(LITTLE, table=11)))
    assert "function main: 16 bytes" not in list(elf_lines(file(LITTLE, table=3)))


def test_file_without_sections() -> None:
    assert len(list(elf_lines(LITTLE.start(0, 0, 0, 0, 0)))) == 1


def test_program_of_this_machine() -> None:
    program = Path(sys.executable).resolve().read_bytes()
    assert any(line.startswith("section .text: ") for line in elf_lines(program))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (MAGIC, "has an ELF header of an unknown class"),
        (MAGIC + bytes(60), "has an ELF header of an unknown class"),
        (MAGIC + b"\1\3" + bytes(60), "has an ELF header of an unknown class"),
        (file(LITTLE)[:40], "ends before its ELF headers do"),
        (file(LITTLE)[:-1], "ends before its ELF headers do"),
        (LITTLE.start(52, 0xFFFF, 0, 0, 0), "has more than 4096 segments"),
        (LITTLE.start(0, 0, 52, 5000, 0), "has more than 4096 sections"),
        (
            LITTLE.start(0, 0, 52, 0, 0) + LITTLE.section(0, 0, 0, 5000),
            "has more than 4096 sections",
        ),
        (LITTLE.start(0, 0, 52, 1, 1) + LITTLE.section(0, 0), "has no table of section names"),
        (
            LITTLE.start(52, 1, 0, 0, 0) + LITTLE.segment(1, 0, 4096),
            "has a section or segment beyond its end",
        ),
        (
            LITTLE.start(52, 9, 0, 0, 0) + LITTLE.segment(1, 0, 300) * 9,
            "has sections or segments that overlap",
        ),
        (file(LITTLE, link=9), "has a table of symbols without names"),
    ],
)
def test_malformed_file(content: bytes, problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        list(elf_lines(content))


def test_number_of_symbols() -> None:
    symbol = LITTLE.symbol(NAMES.index(b"main"), FUNCTION, 1)
    assert "function main: 1 bytes" in list(elf_lines(file(LITTLE, symbols=symbol * 40_000)))
    with pytest.raises(Unreadable, match="has more than 40000 symbols"):
        list(elf_lines(file(LITTLE, symbols=symbol * 40_001)))


def test_names_are_cut() -> None:
    content = file(LITTLE).replace(NAMES, b"x" * len(NAMES)) + b"x" * 1000
    names = [line for line in elf_lines(content) if line.startswith("section ")]
    assert max(map(len, names)) < 400
