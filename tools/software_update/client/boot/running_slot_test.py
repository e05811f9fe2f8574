"""Tests of the slot that runs."""

import pytest

from software_update.client.boot.running_slot import read_text, running_slot
from software_update.client.boot_control import BootError
from software_update.testing.fake_machine import machine


def named_by(line: str, configured: str | None = None) -> str:
    return running_slot(machine({"/proc/cmdline": line}).storage, ["A", "B"], configured)


@pytest.mark.parametrize(
    "line",
    [
        "software_update.slot=B",
        "quiet rauc.slot=B\n",
        "software_update.slot=A rauc.slot=B quiet",
    ],
)
def test_command_line_names_the_slot(line: str) -> None:
    assert named_by(line) == "B"


def test_configuration_comes_before_the_command_line() -> None:
    assert named_by("software_update.slot=B", "A") == "A"


@pytest.mark.parametrize(
    "line, configured, problem",
    [
        (
            "quiet xsoftware_update.slot=A",
            None,
            "/proc/cmdline: names no slot; let the boot script",
        ),
        ("rauc.slot=system0", None, "/proc/cmdline: slot 'system0' is not one of A, B; let"),
        ("rauc.slot=A", "C", "booted: slot 'C' is not one of A, B; let"),
    ],
)
def test_unknown_slot(line: str, configured: str | None, problem: str) -> None:
    with pytest.raises(BootError, match=f"^{problem}"):
        named_by(line, configured)


def test_recovery_system_runs_outside_of_all_slots() -> None:
    assert named_by("software_update.slot=none") == ""
    assert named_by("software_update.slot=none software_update.slot=B") == "B"


def test_missing_file() -> None:
    with pytest.raises(BootError, match=r"^/none: cannot be read \(No such file or directory\)$"):
        read_text(machine().storage, "/none")
