"""Tests that boot control and real boot loaders keep every rule of the client's check of backends."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from software_update.client.boot.grub import Grub
from software_update.client.boot.systemd_boot import SystemdBoot
from software_update.client.boot.uboot import UBoot
from software_update.client.boot_check import check_boot
from software_update.client.boot_control import BootControl
from software_update.testing.short_folder import short_folder

from tests.device import qemu_grub, qemu_systemd_boot, qemu_uboot
from tests.device.host import host

RULES = 19


def uboot(folder: Path) -> Callable[[], BootControl]:
    board = qemu_uboot.Board.make(folder, Path(os.environ["UBOOT_SCRIPT"]))
    board.set_variables(BOOT_ORDER="A")
    for slot in ("A", "B"):
        board.write_slot(slot, qemu_uboot.stand_in(f"slot {slot}"))

    def restart() -> BootControl:
        line = board.boot().command_line
        return UBoot(host(line), config=str(board.config), defaults=str(board.defaults))

    return restart


def grub(folder: Path) -> Callable[[], BootControl]:
    pc = qemu_grub.Pc.make(folder, Path(os.environ["GRUB_SCRIPT"]))
    for slot in ("A", "B"):
        pc.write_slot(slot, qemu_grub.stand_in(f"slot {slot}"))

    def restart() -> BootControl:
        line = next(line for line in pc.boot() if line.startswith("software_update.slot="))
        return Grub(host(line), environment=str(pc.block))

    return restart


def systemd_boot(folder: Path) -> Callable[[], BootControl]:
    pc = qemu_systemd_boot.Pc.make(folder)
    names = {"A": "fw-A", "B": "fw-B"}
    for slot in names:
        pc.write_slot(slot, f"echo slot {slot}", "halt")
        (pc.entries / f"fw-{slot}.template").write_text(f"title {slot}\nlinux /{slot}.efi\n")
    (pc.entries / "fw-A.conf").write_text("title A\nlinux /A.efi\n")

    def restart() -> BootControl:
        console = pc.boot()
        booted = next(slot for slot in names if f"slot {slot}" in console)
        return SystemdBoot(host(), names, entries=str(pc.entries), tries=2, booted=booted)

    return restart


@pytest.mark.parametrize("loader", [uboot, grub, systemd_boot])
def test_boot_loader_keeps_every_rule(
    loader: Callable[[Path], Callable[[], BootControl]],
) -> None:
    with short_folder() as folder:
        restart = loader(folder / "machine")
        found = check_boot(restart(), "B", restart)
    assert [each for each in found if each.problem] == []
    assert len(found) == RULES
