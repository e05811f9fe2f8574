"""The sizes in a 32-bit ELF program, and the deepest stack of its functions."""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_ALLOCATED = 2  # SHF_ALLOC
_NO_BITS = 8  # SHT_NOBITS
_SYMBOLS = 2  # SHT_SYMTAB
# Tables for exceptions, which our linker scripts discard.
_DISCARDED = (".ARM.exidx", ".ARM.extab")


@dataclass(frozen=True)
class Section:
    """A section: its name, type, flags, place and size in bytes."""

    name: str
    kind: int
    flags: int
    offset: int
    size: int
    link: int


def sections(elf: bytes) -> list[Section]:
    """The sections of a little-endian 32-bit ELF (System V ABI, chapter 4)."""
    if elf[:6] != b"\x7fELF\x01\x01":
        raise ValueError("not a little-endian 32-bit ELF")
    table, size, count, names = (
        *struct.unpack_from("<I", elf, 32),
        *struct.unpack_from("<3H", elf, 46),
    )
    rows = [struct.unpack_from("<10I", elf, table + i * size) for i in range(count)]
    text = rows[names][4]
    return [
        Section(_text(elf, text + row[0]), row[1], row[2], row[4], row[5], row[6]) for row in rows
    ]


def _text(elf: bytes, start: int) -> str:
    return elf[start : elf.index(b"\0", start)].decode()


def flash_bytes(elf: bytes) -> int:
    """Bytes of code, constants and initial values."""
    return sum(
        each.size
        for each in sections(elf)
        if each.flags & _ALLOCATED
        and each.kind != _NO_BITS
        and not each.name.startswith(_DISCARDED)
    )


def ram_bytes(elf: bytes) -> int:
    """Bytes of static memory."""
    names = (".data", ".bss")
    return sum(each.size for each in sections(elf) if each.name in names)


def symbols(elf: bytes) -> dict[str, tuple[int, int]]:
    """The place and the size in bytes of all symbols, by mangled name."""
    found = sections(elf)
    result = {}
    for table in (each for each in found if each.kind == _SYMBOLS):
        text = found[table.link].offset
        for at in range(table.offset, table.offset + table.size, 16):
            name, place, size = struct.unpack_from("<3I", elf, at)
            result[_text(elf, text + name)] = (place, size)
    return result


@dataclass
class Function:
    """A function: the bytes of its own frame, the functions it calls, and whether it calls by pointer."""

    frame: int = 0
    calls: set[str] = field(default_factory=set)
    by_pointer: bool = False


_HEAD = re.compile(r"^[0-9a-f]+ <(.+)>:$")
_LINE = re.compile(r"^\s+[0-9a-f]+:\s+(\S+)\s*(.*)$")
_TARGET = re.compile(r"^(?:\w+, )?[0-9a-f]+ <([^>]+)>$")


def functions(objdump: str, elf: Path) -> dict[str, Function]:
    """The functions of a program by demangled name, from its disassembly."""
    command = [objdump, "--disassemble", "--demangle", "--no-show-raw-insn", str(elf)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found: dict[str, Function] = {}
    function = Function()
    for line in lines:
        if head := _HEAD.match(line):
            function = found.setdefault(_plain(head[1]), Function())
        elif instruction := _LINE.match(line):
            _read(function, instruction[1], instruction[2].split("@")[0].strip())
    for name, each in found.items():
        each.calls = {call for call in each.calls if call != name and call in found}
    return found


def _plain(name: str) -> str:
    return re.sub(r"^(non-virtual thunk to|virtual thunk to) ", "thunk ", name)


def _read(function: Function, operation: str, operands: str) -> None:
    function.frame += _pushed(operation.removesuffix(".w"), operands)
    if operation in ("blx", "bx") and re.fullmatch(r"(r\d+|ip|sl|fp)", operands):
        function.by_pointer = True
    elif operation.startswith("b") and (target := _target(operands)):
        function.calls.add(_plain(target))


def _target(operands: str) -> str | None:
    found = re.match(r"^[0-9a-f]+ <(.+)>$", operands)
    return re.sub(r"\+0x[0-9a-f]+$", "", found[1]) if found else None


def _pushed(operation: str, operands: str) -> int:
    """The bytes by which an instruction moves the stack pointer down."""
    if operation == "push" or (operation in ("stmdb", "stmfd") and operands.startswith("sp!")):
        return 4 * sum(1 for _ in _registers(operands[operands.index("{") + 1 : -1]))
    if operation in ("sub", "subw", "sub.n") and (
        found := re.match(r"^sp,(?: sp,)? #(\d+)$", operands)
    ):
        return int(found[1])
    if found := re.search(r"\[sp, #-(\d+)\]!$", operands):
        return int(found[1])
    if operation == "add" and re.fullmatch(r"sp, (r\d+|ip)", operands):
        raise ValueError(f"a frame of unknown size: {operation} {operands}")
    return 0


def _registers(text: str) -> Iterator[str]:
    for part in text.split(","):
        yield part.strip()


def deepest(
    found: Mapping[str, Function], start: str, pointers: Sequence[tuple[str, str]]
) -> tuple[int, list[str]]:
    """The deepest stack below `start` in bytes, and the functions on it.

    `pointers` has a pair for functions that call by pointer: two regular expressions, of callers and
    of all functions that these may call so. A function is of the first pair that matches.

    Raises ValueError if functions are recursive, or one calls by pointer and has no pair.
    """
    known: dict[str, tuple[int, list[str]]] = {}

    def visit(name: str, above: tuple[str, ...]) -> tuple[int, list[str]]:
        if name in above:
            raise ValueError(f"recursive: {' -> '.join([*above[above.index(name) :], name])}")
        if name not in known:
            below = [
                visit(each, (*above, name)) for each in sorted(_callees(found, name, pointers))
            ]
            depth, path = max(below, default=(0, []))
            known[name] = found[name].frame + depth, [name, *path]
        return known[name]

    return visit(start, ())


def _callees(
    found: Mapping[str, Function], name: str, pointers: Sequence[tuple[str, str]]
) -> set[str]:
    function = found[name]
    if not function.by_pointer:
        return function.calls
    for caller, callee in pointers:
        if re.search(caller, name):
            return function.calls | {each for each in found if re.search(callee, each)}
    raise ValueError(f"{name} calls by pointer; say in POINTERS which functions it may call")
