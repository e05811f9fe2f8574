"""Tests of an update with the real GRUB, with a block that the client's boot control writes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from software_update.client.boot.grub import Grub
from software_update.client.boot_control import BootStatus, SlotState

from tests.device.host import host
from tests.device.qemu_grub import Pc, UefiPc, stand_in

SCRIPT = Path(os.environ["BOOT_SCRIPT"])
GOOD, TRYING = SlotState.GOOD, SlotState.TRYING
EXHAUSTED, UNBOOTABLE = SlotState.EXHAUSTED, SlotState.UNBOOTABLE


@pytest.fixture(name="pc")
def pc_fixture(tmp_path: Path) -> Pc:
    """A PC that runs version 1 from slot A, with a new block."""
    return running_version_1(Pc.make(tmp_path / "pc", SCRIPT))


def running_version_1(pc: Pc) -> Pc:
    pc.write_slot("A", stand_in("version 1"))
    return pc


def client(pc: Pc, command_line: str = "software_update.slot=A") -> Grub:
    """Returns boot control as it runs on the PC after a boot."""
    return Grub(host(command_line), environment=str(pc.block))


def start(pc: Pc) -> tuple[str, Grub]:
    """Starts the PC, and returns the last line on its console and the client that runs on it."""
    lines = pc.boot()
    command_line = next((line for line in lines if line.startswith("software_update.slot=")), "")
    return lines[-1], client(pc, command_line)


@pytest.mark.parametrize("kind", [Pc, UefiPc])
def test_install_crash_fall_back_retry_and_commit(tmp_path: Path, kind: type[Pc]) -> None:
    pc = running_version_1(kind.make(tmp_path / "pc", SCRIPT))
    control = client(pc)
    control.mark_unbootable("B")
    pc.write_slot("B", stand_in("version 2")[:5])  # The power fails.

    version, control = start(pc)
    assert version == "version 1"
    assert control.status() == BootStatus("A", "A", {"A": GOOD, "B": UNBOOTABLE})
    pc.write_slot("B", "echo version 2 crashes\nreboot\n")
    control.try_slot("B")

    for _ in range(3):
        assert start(pc)[0] == "version 2 crashes"
    version, control = start(pc)
    assert version == "version 1"
    assert control.status() == BootStatus("A", "A", {"A": GOOD, "B": EXHAUSTED})

    control.mark_unbootable("B")
    pc.write_slot("B", stand_in("version 3"))
    control.try_slot("B")
    version, control = start(pc)
    assert version == "version 3"
    assert control.status() == BootStatus("B", "B", {"A": GOOD, "B": TRYING})
    control.confirm("B")

    version, control = start(pc)
    assert version == "version 3"
    assert control.status() == BootStatus("B", "B", {"A": GOOD, "B": GOOD})
    assert control.read()["B_TRY"] == "1"
    control.confirm("B")
    assert control.read()["B_TRY"] == "0"


def test_slot_that_does_not_start_gives_way_to_the_next(pc: Pc) -> None:
    client(pc).try_slot("B")
    for _ in range(3):
        assert start(pc)[0] == "boot: slot B does not start"
    assert start(pc)[0] == "version 1"


def test_slots_of_the_order_are_tried_again_when_no_start_is_left(pc: Pc) -> None:
    client(pc).mark_unbootable("B")
    assert [start(pc)[0] for _ in range(3)] == ["version 1"] * 3
    assert start(pc)[0] == "boot: no start is left; each of A gets 3"
    assert start(pc)[0] == "version 1"
