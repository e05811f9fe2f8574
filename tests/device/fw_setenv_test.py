"""Tests of U-Boot as boot control with the real fw_setenv and fw_printenv, on an environment in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from software_update.client.boot.uboot import UBoot
from software_update.client.boot_check import check_boot
from software_update.client.boot_control import BootError, BootStatus, SlotState

from tests.device.host import host
from tests.device.programs import program

SIZE = 0x2000
GOOD, TRYING, UNBOOTABLE = SlotState.GOOD, SlotState.TRYING, SlotState.UNBOOTABLE


@dataclass(frozen=True)
class Flash:
    """A file with one or two copies of the environment, and boot control on it, with slot A running."""

    file: Path
    boot: UBoot

    def damage(self, copy: int) -> None:
        """Inverts a bit of a copy, as a write leaves it that a power cut has torn."""
        content = bytearray(self.file.read_bytes())
        content[copy * SIZE + SIZE // 2] ^= 1
        self.file.write_bytes(content)

    def newest(self) -> int:
        """Returns the number of the copy that was written last, by the counter after its CRC-32."""
        content = self.file.read_bytes()
        return max((0, 1), key=lambda copy: content[copy * SIZE + 4])


def make_flash(folder: Path, copies: int) -> Flash:
    """Returns erased flash with defaults for it."""
    program("fw_setenv", "libubootenv-tool")
    file, config, defaults = (folder / name for name in ("flash", "fw_env.config", "defaults"))
    file.write_bytes(b"\xff" * SIZE * copies)
    lines = [f"{file} {number * SIZE:#x} {SIZE:#x}\n" for number in range(copies)]
    config.write_text("".join(lines))
    defaults.write_text("bootcmd=run start\n")
    machine = host("software_update.slot=A")
    boot = UBoot(machine, config=str(config), defaults=str(defaults), require_redundant=True)
    return Flash(file, boot)


@pytest.fixture(name="single")
def single_fixture(tmp_path: Path) -> Flash:
    return make_flash(tmp_path, 1)


@pytest.fixture(name="redundant")
def redundant_fixture(tmp_path: Path) -> Flash:
    return make_flash(tmp_path, 2)


@pytest.mark.parametrize("copies", [1, 2])
def test_update_on_erased_flash(tmp_path: Path, copies: int) -> None:
    boot = make_flash(tmp_path, copies).boot
    assert boot.status() == BootStatus("A", "A", {"A": GOOD, "B": GOOD})
    boot.mark_unbootable("B")
    assert boot.status() == BootStatus("A", "A", {"A": GOOD, "B": UNBOOTABLE})
    boot.try_slot("B")
    assert boot.status() == BootStatus("A", "B", {"A": GOOD, "B": TRYING})
    boot.confirm("A")
    assert boot.status() == BootStatus("A", "A", {"A": GOOD, "B": TRYING})


def test_torn_write_leaves_the_step_before_it(redundant: Flash) -> None:
    """Each step is one write, so the other copy has all variables of the step before."""
    redundant.boot.mark_unbootable("B")
    before = redundant.boot.status()
    redundant.boot.try_slot("B")
    redundant.damage(redundant.newest())
    assert redundant.boot.status() == before


def test_loss_of_both_copies_leaves_the_defaults(redundant: Flash) -> None:
    redundant.boot.mark_unbootable("B")
    redundant.boot.try_slot("B")
    redundant.damage(0)
    redundant.damage(1)
    assert redundant.boot.status() == BootStatus("A", "A", {"A": GOOD, "B": GOOD})


def test_second_copy_satisfies_the_check(single: Flash, redundant: Flash) -> None:
    assert redundant.boot.check() == redundant.boot.warnings() == []


def test_single_copy_fails_the_check(single: Flash) -> None:
    assert single.boot.check() == single.boot.warnings()
    assert "one copy of the environment" in single.boot.warnings()[0]


def test_erased_flash_without_defaults(single: Flash) -> None:
    boot = UBoot(host("rauc.slot=A"), config=single.boot.config)
    with pytest.raises(BootError, match=r"^fw_printenv: ended with \d+ \(Cannot read .*saveenv"):
        boot.status()


def test_rules_of_boot_control(redundant: Flash) -> None:
    """The rules that need no restart; `boot_rules_test` has the others."""
    assert [each for each in check_boot(redundant.boot, "B") if each.problem] == []
