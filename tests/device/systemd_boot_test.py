"""Tests of an update with the real systemd-boot, with entries that the client's boot control writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from software_update.client.boot.systemd_boot import SystemdBoot
from software_update.client.boot_control import BootStatus, SlotState

from tests.device.host import host
from tests.device.qemu_systemd_boot import Pc

GOOD, TRYING = SlotState.GOOD, SlotState.TRYING
EXHAUSTED, UNBOOTABLE = SlotState.EXHAUSTED, SlotState.UNBOOTABLE


@pytest.fixture(name="pc")
def pc_fixture(tmp_path: Path) -> Pc:
    """A PC that runs version 1 from slot A."""
    pc = Pc.make(tmp_path / "pc")
    pc.write_slot("A", "echo version 1", "halt")
    for slot in ("A", "B"):
        (pc.entries / f"fw-{slot}.template").write_text(f"title {slot}\nlinux /{slot}.efi\n")
    client(pc, "A").confirm("A")
    return pc


def client(pc: Pc, booted: str) -> SystemdBoot:
    """Returns boot control as it runs on the PC in a slot."""
    names = {"A": "fw-A", "B": "fw-B"}
    return SystemdBoot(host(), names, entries=str(pc.entries), tries=2, booted=booted)


def test_install_crash_fall_back_retry_and_commit(pc: Pc) -> None:
    control = client(pc, "A")
    assert control.check() == []
    control.mark_unbootable("B")
    pc.write_slot("B", "echo version 2 crashes", "reboot")
    assert "version 1" in pc.boot()

    control.try_slot("B")
    assert control.status() == BootStatus("A", "B", {"A": GOOD, "B": TRYING})
    for _ in range(2):
        assert "version 2 crashes" in pc.boot()
    assert "version 1" in pc.boot()
    assert control.status() == BootStatus("A", "A", {"A": GOOD, "B": EXHAUSTED})

    control.mark_unbootable("B")
    pc.write_slot("B", "echo version 3", "halt")
    control.try_slot("B")
    assert "version 3" in pc.boot()
    control = client(pc, "B")
    assert control.status() == BootStatus("B", "B", {"A": GOOD, "B": TRYING})
    control.confirm("B")
    for _ in range(2):
        assert "version 3" in pc.boot()
    assert control.status() == BootStatus("B", "B", {"A": GOOD, "B": GOOD})
