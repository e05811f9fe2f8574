"""Tests of GRUB as boot control with the real grub-editenv, on a block in a file."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from software_update.client.boot.grub import Grub
from software_update.client.boot_check import check_boot
from software_update.client.boot_control import BootError, BootStatus, SlotState

from tests.device.host import host
from tests.device.programs import program

GOOD, TRYING, UNBOOTABLE = SlotState.GOOD, SlotState.TRYING, SlotState.UNBOOTABLE


@pytest.fixture(name="block")
def block_fixture(tmp_path: Path) -> Path:
    """A new block, with a variable of another program."""
    path = tmp_path / "grubenv"
    edit(path, "create")
    edit(path, "set", "saved_entry=linux --quiet")
    return path


@pytest.fixture(name="boot")
def boot_fixture(block: Path) -> Grub:
    """Boot control with slot A running."""
    return Grub(host("software_update.slot=A"), environment=str(block))


def edit(block: Path, *words: str) -> str:
    """Runs grub-editenv."""
    command = [program("grub-editenv", "grub-common"), str(block), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_update(boot: Grub, block: Path) -> None:
    assert boot.check() == boot.warnings() == []
    assert boot.status() == BootStatus("A", "A", {"A": GOOD, "B": GOOD})
    boot.mark_unbootable("B")
    assert boot.status() == BootStatus("A", "A", {"A": GOOD, "B": UNBOOTABLE})
    boot.try_slot("B")
    assert boot.status() == BootStatus("A", "B", {"A": GOOD, "B": TRYING})
    assert set(edit(block, "list").splitlines()) == {
        "saved_entry=linux --quiet",
        "ORDER=B A",
        "A_OK=1",
        "A_TRY=0",
        "B_OK=1",
        "B_TRY=0",
        "software_update_trying=B",
    }
    boot.confirm("A")
    assert boot.status() == BootStatus("A", "A", {"A": GOOD, "B": TRYING})


def test_block_keeps_its_place_on_the_medium(boot: Grub, block: Path) -> None:
    """GRUB and a power cut see one file of 1024 bytes, which only changes in place."""
    before = os.stat(block)
    boot.try_slot("B")
    after = os.stat(block)
    assert (after.st_ino, after.st_size, after.st_blocks) == (before.st_ino, 1024, before.st_blocks)
    assert sorted(each.name for each in block.parent.iterdir()) == ["grubenv"]


def test_block_that_does_not_begin_as_one(boot: Grub, block: Path) -> None:
    block.write_bytes(bytes(1024))
    with pytest.raises(BootError, match="invalid environment block"):
        boot.status()


def test_missing_block(boot: Grub, block: Path) -> None:
    block.unlink()
    assert boot.check() == [f"{block}: No such file or directory"]
    assert not block.exists()


def test_rules_of_boot_control(boot: Grub) -> None:
    """The rules that need no restart; `boot_rules_test` has the others."""
    assert [each for each in check_boot(boot, "B") if each.problem] == []
