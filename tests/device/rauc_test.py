"""Tests with RAUC's own service: as the judge of the client's variables, and as the client's boot control."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from software_update.client.boot.grub import Grub
from software_update.client.boot.rauc import Rauc as RaucBoot
from software_update.client.boot.uboot import UBoot
from software_update.client.boot_check import check_boot
from software_update.client.boot_control import SlotState
from software_update.testing.short_folder import short_folder

from tests.device.host import host
from tests.device.programs import program
from tests.device.rauc_service import Rauc, rauc_service

Boot = UBoot | Grub


@pytest.fixture(name="uboot")
def uboot_fixture() -> Iterator[UBoot]:
    """U-Boot's environment in two copies, with slot A running; the first write makes it."""
    with short_folder() as folder:
        config, defaults, flash = (folder / name for name in ("fw_env.config", "defaults", "flash"))
        flash.write_bytes(b"\xff" * 0x4000)
        config.write_text(f"{flash} 0x0 0x2000\n{flash} 0x2000 0x2000\n")
        defaults.write_text("BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=3\n")
        yield UBoot(host(), config=str(config), defaults=str(defaults), booted="A")


@pytest.fixture(name="grub")
def grub_fixture(tmp_path: Path) -> Grub:
    """GRUB's block, with slot A running and confirmed; RAUC does not accept an empty one."""
    block = tmp_path / "grubenv"
    editor = program("grub-editenv", "grub-common")
    subprocess.run([editor, block, "create"], check=True)
    settings = ["ORDER=A B", "A_OK=1", "A_TRY=0", "B_OK=1", "B_TRY=0"]
    subprocess.run([editor, block, "set", *settings], check=True)
    return Grub(host(), environment=str(block), booted="A")


@pytest.fixture(name="boot", params=["uboot", "grub"])
def boot_fixture(request: pytest.FixtureRequest) -> Boot:
    """Boot control, with slot A running."""
    boot = request.getfixturevalue(request.param)
    assert isinstance(boot, UBoot | Grub)
    return boot


@pytest.fixture(name="rauc")
def rauc_fixture(tmp_path: Path, boot: Boot) -> Iterator[Rauc]:
    """RAUC on the same variables and with the same running slot."""
    with rauc_on(boot, "A", tmp_path / "rauc") as service:
        yield service


def rauc_on(boot: Boot, booted: str, folder: Path) -> contextlib.AbstractContextManager[Rauc]:
    """Returns RAUC's service on the variables of a boot control."""
    if isinstance(boot, Grub):
        return rauc_service(folder, booted, ["bootloader=grub", f"grubenv={boot.environment}"])
    assert boot.defaults
    options = ["-c", boot.config, "-f", boot.defaults]
    return rauc_service(folder, booted, ["bootloader=uboot"], options)


def start(boot: Boot) -> str:
    """Counts a start as RAUC's boot scripts do, and returns the slot.

    The first entry of the one for GRUB is slot A here, which starts if no other entry can.
    """
    variables = boot.read()
    listed = boot.listed(variables)
    if isinstance(boot, UBoot):
        slot = next(each for each in listed if boot.left(variables, each))
        boot.write(boot.with_left(slot, boot.left(variables, slot) - 1))
        return slot
    for slot in listed:
        if variables[f"{slot}_TRY"] == "0":
            boot.write({f"{slot}_TRY": "1"})
            return slot
    boot.write({f"{slot}_TRY": "0" for slot in listed})
    return "A"


def test_rauc_reads_each_step_of_an_update(boot: Boot, rauc: Rauc) -> None:
    assert rauc.status()["booted"] == "A"
    assert rauc.boot_status() == {"A": "good", "B": "good"}
    boot.mark_unbootable("B")
    assert rauc.boot_status() == {"A": "good", "B": "bad"}
    assert rauc.primary() == "A"
    boot.try_slot("B")
    assert rauc.boot_status() == {"A": "good", "B": "good"}
    assert rauc.primary() == "B"
    boot.confirm("A")
    assert rauc.primary() == "A"


def test_client_reads_the_slot_that_rauc_activates(boot: Boot, rauc: Rauc) -> None:
    boot.mark_unbootable("B")
    rauc.mark("active", "other")
    assert boot.status().primary == "B"
    rauc.mark("active", "booted")
    assert boot.status().primary == "A"


def test_client_reads_the_slot_that_rauc_marks(boot: Boot, rauc: Rauc) -> None:
    rauc.mark("bad", "other")
    assert boot.status().slots == {"A": SlotState.GOOD, "B": SlotState.UNBOOTABLE}
    boot.try_slot("B")
    rauc.mark("bad", "booted")
    assert boot.status().slots == {"A": SlotState.UNBOOTABLE, "B": SlotState.TRYING}
    rauc.mark("good", "booted")
    # For U-Boot, only `mark-active` puts a slot back into the order.
    back = SlotState.UNBOOTABLE if isinstance(boot, UBoot) else SlotState.GOOD
    assert boot.status().slots["A"] == back
    rauc.mark("active", "booted")
    assert boot.status().slots["A"] == SlotState.GOOD


def test_rauc_restores_as_many_starts_as_the_client(boot: Boot, rauc: Rauc) -> None:
    boot.write(boot.with_left("A", 1))
    rauc.mark("good", "booted")
    by_rauc = boot.left(boot.read(), "A")
    boot.write(boot.with_left("A", 1))
    boot.confirm("A")
    assert boot.left(boot.read(), "A") == by_rauc == 3


def test_rauc_as_boot_control_keeps_the_rules(
    boot: Boot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The files need not survive a power cut, and the computer may have much to write.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sync").symlink_to(program("true", "coreutils"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    numbers = itertools.count()
    with contextlib.ExitStack() as stack:

        def restart() -> RaucBoot:
            stack.close()
            folder = tmp_path / f"rauc_{next(numbers)}"
            service = stack.enter_context(rauc_on(boot, start(boot), folder))
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", service.env["DBUS_SESSION_BUS_ADDRESS"])
            names = {"A": "rootfs.0", "B": "rootfs.1"}
            return RaucBoot(host(), names, str(tmp_path / "record.json"))

        found = check_boot(restart(), "B", restart)
    # For GRUB, RAUC names no slot that starts next while the running one is not confirmed.
    broken = ["a slot that is not confirmed falls back"] if isinstance(boot, Grub) else []
    assert [each.rule for each in found if each.problem] == broken, found
    assert len(found) == 19
