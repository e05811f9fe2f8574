"""Tests of an update in Debian's U-Boot, with an environment that the client's boot control writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from software_update.client.boot.uboot import UBoot
from software_update.client.boot_control import BootStatus, SlotState

from tests.device.host import host
from tests.device.qemu_uboot import Board, Boot, script_image, stand_in

SCRIPT = Path(os.environ["BOOT_SCRIPT"])
GOOD, TRYING = SlotState.GOOD, SlotState.TRYING
EXHAUSTED, UNBOOTABLE = SlotState.EXHAUSTED, SlotState.UNBOOTABLE
CRASHES = script_image("echo version 2 crashes\nreset\n")


@pytest.fixture(name="board")
def board_fixture(tmp_path: Path) -> Board:
    """A board that runs version 1 from slot A, with erased flash."""
    board = Board.make(tmp_path / "board", SCRIPT)
    board.write_slot("A", stand_in("version 1"))
    return board


def client(board: Board, command_line: str = "software_update.slot=A") -> UBoot:
    """Returns boot control as it runs on the board after a boot."""
    return UBoot(host(command_line), config=str(board.config), defaults=str(board.defaults))


def start(board: Board) -> tuple[Boot, UBoot]:
    """Starts the board, and returns the client that runs on it."""
    boot = board.boot()
    return boot, client(board, boot.command_line)


def test_install_crash_fall_back_retry_and_commit(board: Board) -> None:
    control = client(board)
    control.mark_unbootable("B")
    board.write_slot("B", CRASHES[:50])  # The power fails.

    boot, control = start(board)
    assert boot.prints("version 1")
    assert control.status() == BootStatus("A", "A", {"A": GOOD, "B": UNBOOTABLE})
    board.write_slot("B", CRASHES)
    control.try_slot("B")

    for _ in range(3):
        assert board.boot().prints("version 2 crashes")
    boot, control = start(board)
    assert boot.prints("version 1")
    assert control.status() == BootStatus("A", "A", {"A": GOOD, "B": EXHAUSTED})

    control.mark_unbootable("B")
    board.write_slot("B", stand_in("version 3"))
    control.try_slot("B")
    boot, control = start(board)
    assert boot.prints("version 3")
    assert control.status() == BootStatus("B", "B", {"A": GOOD, "B": TRYING})
    control.confirm("B")

    boot, control = start(board)
    assert boot.prints("version 3")
    assert control.status() == BootStatus("B", "B", {"A": GOOD, "B": GOOD})
    control.confirm("B")
    assert board.variables()["BOOT_B_LEFT"] == "3"


def test_slot_that_was_given_up_does_not_start_again(board: Board) -> None:
    board.write_slot("B", stand_in("version 2"))
    client(board).try_slot("B")
    boot, control = start(board)
    assert boot.prints("version 2")
    control.mark_unbootable("B")
    boot, control = start(board)
    assert boot.prints("version 1")
    assert control.status() == BootStatus("A", "A", {"A": GOOD, "B": UNBOOTABLE})
