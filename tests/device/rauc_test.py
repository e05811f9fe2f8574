"""Tests that RAUC's own service and the client's boot control understand each other's environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from software_update.client.boot.uboot import UBoot
from software_update.client.boot_control import SlotState

from tests.device.host import host
from tests.device.rauc_service import Rauc, rauc_service


@pytest.fixture(name="boot")
def boot_fixture(tmp_path: Path) -> UBoot:
    """Boot control on an environment of two copies, with slot A running; the first write makes it."""
    config, defaults, flash = (tmp_path / name for name in ("fw_env.config", "defaults", "flash"))
    flash.write_bytes(b"\xff" * 0x4000)
    config.write_text(f"{flash} 0x0 0x2000\n{flash} 0x2000 0x2000\n")
    defaults.write_text("BOOT_ORDER=A B\nBOOT_A_LEFT=3\nBOOT_B_LEFT=3\n")
    return UBoot(host(), config=str(config), defaults=str(defaults), booted="A")


@pytest.fixture(name="rauc")
def rauc_fixture(tmp_path: Path, boot: UBoot) -> Iterator[Rauc]:
    """RAUC on the same environment and with the same running slot."""
    folder = tmp_path / "rauc"
    folder.mkdir()
    assert boot.defaults
    with rauc_service(folder, Path(boot.config), Path(boot.defaults), booted="A") as service:
        yield service


def test_rauc_reads_each_step_of_an_update(boot: UBoot, rauc: Rauc) -> None:
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


def test_client_reads_the_slot_that_rauc_activates(boot: UBoot, rauc: Rauc) -> None:
    boot.mark_unbootable("B")
    rauc.mark("active", "other")
    assert boot.status().primary == "B"
    rauc.mark("active", "booted")
    assert boot.status().primary == "A"


def test_client_reads_the_slot_that_rauc_marks(boot: UBoot, rauc: Rauc) -> None:
    rauc.mark("bad", "other")
    assert boot.status().slots == {"A": SlotState.GOOD, "B": SlotState.UNBOOTABLE}
    boot.try_slot("B")
    rauc.mark("bad", "booted")
    assert boot.status().slots == {"A": SlotState.UNBOOTABLE, "B": SlotState.TRYING}
    rauc.mark("good", "booted")
    # RAUC restores the starts, and only `mark-active` the place in the order.
    assert boot.status().slots["A"] == SlotState.UNBOOTABLE
    rauc.mark("active", "booted")
    assert boot.status().slots["A"] == SlotState.GOOD


def test_rauc_restores_as_many_starts_as_the_client(boot: UBoot, rauc: Rauc) -> None:
    run(boot, "fw_setenv", "BOOT_A_LEFT", "1")
    rauc.mark("good", "booted")
    by_rauc = run(boot, "fw_printenv", "BOOT_A_LEFT")
    run(boot, "fw_setenv", "BOOT_A_LEFT", "1")
    boot.confirm("A")
    assert run(boot, "fw_printenv", "BOOT_A_LEFT") == by_rauc


def run(boot: UBoot, name: str, *words: str) -> str:
    """Runs a program of libubootenv on the environment, and returns its output."""
    assert boot.defaults
    argv = [name, "-c", boot.config, "-f", boot.defaults, *words]
    result = boot.system.programs.run(argv)
    assert result.exit_code == 0, result.stderr
    return result.stdout.decode()
