"""Tests of GRUB as boot control, with a grub-editenv in memory.

`//tests/device` has tests with the real program.
"""

from collections.abc import Sequence
from typing import cast

import pytest

from software_update.client.boot.grub import Grub
from software_update.client.boot_control import BootError, BootStatus, SlotState
from software_update.client.system import Clock, Network, ProgramResult, System
from software_update.testing.memory_storage import MemoryStorage

BLOCK = "/boot/grub/grubenv"
HEADER = b"# GRUB Environment Block\n"


def block(*lines: str) -> bytes:
    return (HEADER + "".join(f"{line}\n" for line in lines).encode()).ljust(1024, b"#")


class Editor:
    """grub-editenv, on files in memory. It truncates a file before it writes it, as the real one does."""

    def __init__(self, storage: MemoryStorage) -> None:
        self.storage = storage
        self.missing = False

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0
    ) -> ProgramResult:
        if self.missing:
            raise FileNotFoundError(2, "No such file or directory", argv[0])
        name, path, verb, *settings = argv
        assert name == "grub-editenv"
        content = self.storage.content(path)
        if not content.startswith(HEADER):
            return ProgramResult(1, b"", b"grub-editenv: error: invalid environment block.\n")
        lines = content.removeprefix(HEADER).rstrip(b"#").decode().splitlines()
        if verb == "set":
            variables = dict(line.split("=", 1) for line in lines + settings)
            self.storage.put(path, b"")
            self.storage.put(path, block(*(f"{key}={value}" for key, value in variables.items())))
        return ProgramResult(0, "".join(f"{line}\n" for line in lines).encode(), b"")


@pytest.fixture(name="storage")
def storage_fixture() -> MemoryStorage:
    """A device that runs slot A, with a new block."""
    storage = MemoryStorage()
    storage.put("/proc/cmdline", b"quiet software_update.slot=A\n")
    storage.put(BLOCK, block("saved_entry=1"))
    return storage


@pytest.fixture(name="editor")
def editor_fixture(storage: MemoryStorage) -> Editor:
    return Editor(storage)


@pytest.fixture(name="boot")
def boot_fixture(storage: MemoryStorage, editor: Editor) -> Grub:
    return Grub(System(storage, editor, cast(Clock, None), cast(Network, None)))


def test_each_change_is_one_write_in_place(boot: Grub, storage: MemoryStorage) -> None:
    for change in (boot.mark_unbootable, boot.try_slot):
        storage.log.clear()
        change("B")
        changes = [line for line in storage.log if line.endswith(BLOCK) and "read" not in line]
        assert changes == [f"write {BLOCK}", f"sync {BLOCK}"]
    assert storage.content(BLOCK) == block(
        "saved_entry=1",
        "ORDER=B A",
        "B_OK=1",
        "B_TRY=0",
        "software_update_trying=B",
        "A_OK=1",
        "A_TRY=0",
    )


def test_change_survives_a_power_cut(boot: Grub, storage: MemoryStorage) -> None:
    boot.try_slot("B")
    storage.cut_power()
    expected = BootStatus("A", "B", {"A": SlotState.GOOD, "B": SlotState.TRYING})
    assert boot.status() == expected


def test_copy_is_removed(boot: Grub, storage: MemoryStorage) -> None:
    boot.try_slot("B")
    assert storage.list("/boot/grub") == ["grubenv"]


@pytest.mark.parametrize(
    "lines, left",
    [
        ([], 3),
        (["A_OK=1", "A_TRY=0"], 3),
        (["A_OK=1", "A_TRY=2"], 1),
        (["A_OK=1", "A_TRY=4"], 0),
        (["A_OK=", "A_TRY="], 3),
        (["A_OK=1", "A_TRY=x"], 0),
        (["A_OK=0", "A_TRY=0"], 0),
    ],
)
def test_starts_left(boot: Grub, storage: MemoryStorage, lines: list[str], left: int) -> None:
    storage.put(BLOCK, block(*lines))
    assert boot.left(boot.read(), "A") == left


def test_slot_that_is_not_ok_is_unbootable(boot: Grub, storage: MemoryStorage) -> None:
    storage.put(BLOCK, block("ORDER=A B", "B_OK=0"))
    assert boot.status().slots == {"A": SlotState.GOOD, "B": SlotState.UNBOOTABLE}


def test_starts_that_are_left_can_be_set(boot: Grub) -> None:
    for left in range(4):
        assert boot.left(boot.with_left("A", left), "A") == left


def test_missing_block(boot: Grub, storage: MemoryStorage) -> None:
    """The real grub-editenv lists no variables then."""
    storage.remove(BLOCK)
    assert boot.check() == [f"{BLOCK}: No such file or directory"]


@pytest.mark.parametrize("content", [b"", block() + b"#"])
def test_block_of_another_length(boot: Grub, storage: MemoryStorage, content: bytes) -> None:
    storage.put(BLOCK, content)
    problem = f"{BLOCK}: is not a block of 1024 bytes; create it: grub-editenv {BLOCK} create"
    assert boot.check() == [problem]


def test_damaged_block(boot: Grub, storage: MemoryStorage) -> None:
    storage.put(BLOCK, bytes(1024))
    with pytest.raises(
        BootError, match=r"ended with 1 .*invalid environment block.*create the block"
    ):
        boot.try_slot("B")


def test_missing_program(boot: Grub, editor: Editor) -> None:
    editor.missing = True
    assert boot.check() == ["grub-editenv: missing; install it (Debian: grub-common)"]


def test_variables_beyond_the_first_sector_are_a_warning(
    boot: Grub, storage: MemoryStorage
) -> None:
    assert boot.warnings() == boot.check() == []
    storage.put(BLOCK, block("x=" + "y" * 500))
    (warning,) = boot.warnings()
    assert warning.startswith(
        f"{BLOCK}: its variables take 528 bytes, and only the first 512 are safe"
    )
