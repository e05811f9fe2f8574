"""The deepest stack, of made-up functions."""

from pathlib import Path

import elf_stack
import pytest
from elf_stack import Function, deepest, functions

_DISASSEMBLY = """
00008000 <run>:
    8000:\tpush\t{r4, r5, lr}
    8002:\tsub\tsp, #20
    8004:\tbl\t8010 <leaf(int)>
    8008:\tbeq.n\t8002 <run+0x2>
    800a:\tpop\t{r4, r5, pc}

00008010 <leaf(int)>:
    8010:\tstmdb\tsp!, {r4, r5, r6, r7, r8, lr}
    8014:\tsub.w\tsp, sp, #1024\t@ 0x400
    8018:\tstr.w\tr4, [sp, #-4]!
    801c:\tblx\tr3
    8020:\tbx\tlr
"""


@pytest.fixture
def objdump(tmp_path: Path) -> str:
    """A program that prints a disassembly, whatever it is asked for."""
    (tmp_path / "text").write_text(_DISASSEMBLY)
    program = tmp_path / "objdump"
    program.write_text(f"#!/bin/sh\ncat {tmp_path}/text\n")
    program.chmod(0o755)
    return str(program)


def test_frames_and_calls_are_read(objdump: str) -> None:
    assert functions(objdump, Path("any.elf")) == {
        "run": Function(12 + 20, {"leaf(int)"}),
        "leaf(int)": Function(24 + 1024 + 4, set(), by_pointer=True),
    }


def test_the_deepest_path_counts() -> None:
    found = {
        "run": Function(10, {"a", "b"}),
        "a": Function(100),
        "b": Function(20, {"a"}),
        "c": Function(300),
    }
    assert deepest(found, "run", ()) == (130, ["run", "b", "a"])


def test_calls_by_pointer_need_a_line() -> None:
    found = {"run": Function(10, by_pointer=True), "A::f": Function(100), "B::f": Function(200)}
    assert deepest(found, "run", [("run", "^A::")]) == (110, ["run", "A::f"])
    with pytest.raises(ValueError, match="run calls by pointer; say in POINTERS"):
        deepest(found, "run", [("other", "A::")])


def test_recursion_is_an_error() -> None:
    found = {"run": Function(1, {"a"}), "a": Function(1, {"b"}), "b": Function(1, {"a"})}
    with pytest.raises(ValueError, match="recursive: a -> b -> a"):
        deepest(found, "run", ())


def test_a_file_that_is_not_an_elf() -> None:
    with pytest.raises(ValueError, match="not a little-endian 32-bit ELF"):
        elf_stack.sections(b"MZ" + bytes(100))
