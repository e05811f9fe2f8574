"""Tests of examples/uboot/boot.cmd in Debian's U-Boot, with an environment that fw_setenv wrote."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from software_update.testing.short_folder import short_folder

from tests.device.qemu_uboot import Board, stand_in

SCRIPT = Path(os.environ["BOOT_SCRIPT"])
COUNTERS = ("BOOT_ORDER", "BOOT_A_LEFT", "BOOT_B_LEFT")


@pytest.fixture(name="board")
def board_fixture() -> Iterator[Board]:
    """A board whose slots contain version 1 and 2."""
    with short_folder() as folder:
        board = Board.make(folder / "board", SCRIPT)
        board.write_slot("A", stand_in("version 1"))
        board.write_slot("B", stand_in("version 2"))
        yield board


def counters(board: Board) -> tuple[str | None, ...]:
    """Returns BOOT_ORDER, BOOT_A_LEFT and BOOT_B_LEFT."""
    variables = board.variables()
    return tuple(variables.get(name) for name in COUNTERS)


def test_preferred_slot_starts_and_loses_a_start(board: Board) -> None:
    """The numbers are hexadecimal."""
    board.set_variables(BOOT_ORDER="B A", BOOT_A_LEFT="3", BOOT_B_LEFT="10")
    boot = board.boot()
    assert boot.slot == "B"
    assert boot.prints("version 2")
    assert boot.prints("software_update.slot=B")
    assert counters(board) == ("B A", "3", "f")


def test_slot_without_starts_left_gives_way_to_the_next(board: Board) -> None:
    board.set_variables(BOOT_ORDER="B A", BOOT_A_LEFT="3", BOOT_B_LEFT="1")
    assert [board.boot().slot, board.boot().slot] == ["B", "A"]
    assert counters(board) == ("B A", "2", "0")


def test_slot_outside_the_order_never_starts(board: Board) -> None:
    """The script restores the starts of the slots in BOOT_ORDER, and of no other slot."""
    board.set_variables(BOOT_ORDER="A", BOOT_A_LEFT="0", BOOT_B_LEFT="0")
    assert board.boot().slot is None
    assert counters(board) == ("A", "3", "0")
    assert board.boot().slot == "A"


def test_slot_with_a_damaged_image_gives_way_to_the_next(board: Board) -> None:
    damaged = bytearray(stand_in("version 2"))
    damaged[-1] ^= 1
    board.write_slot("B", bytes(damaged))
    board.set_variables(BOOT_ORDER="B A", BOOT_A_LEFT="3", BOOT_B_LEFT="1")
    boot = board.boot()
    assert boot.prints("boot: slot B does not start")
    assert not boot.prints("version 2")
    assert board.boot().slot == "A"


def test_lost_environment_starts_a_slot_whose_image_is_valid(board: Board) -> None:
    """U-Boot waits two seconds for a key if it uses its own default environment."""
    board.set_variables(BOOT_ORDER="B", BOOT_A_LEFT="0", BOOT_B_LEFT="3")
    with board.flash.open("r+b") as flash:
        flash.write(bytes(4))  # the CRC-32 of the environment
    boot = board.boot()
    assert boot.prints(
        "Loading Environment from Flash... *** Warning - bad CRC, using default environment"
    )
    assert boot.slot == "A"
    assert counters(board) == ("A B", "2", "3")
