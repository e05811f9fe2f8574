"""Tests of the policy for power."""

import pytest

from software_update.client.decision import Choice, Decision
from software_update.client.policy.power import Power
from software_update.testing.fake_machine import machine
from software_update.testing.questions import QUESTION, SITUATION

FOLDER = "/sys/class/power_supply"


def battery(name: str, percent: str) -> dict[str, str]:
    return {f"{FOLDER}/{name}/type": "Battery\n", f"{FOLDER}/{name}/capacity": f"{percent}\n"}


def mains(online: int, kind: str = "Mains") -> dict[str, str]:
    return {f"{FOLDER}/AC/type": f"{kind}\n", f"{FOLDER}/AC/online": f"{online}\n"}


def decide(files: dict[str, str], *, only_mains: bool = False) -> Decision:
    return Power(machine(files), minimum_percent=50, mains=only_mains).decide(QUESTION, SITUATION)


@pytest.mark.parametrize("kind", ["Mains", "USB", "Wireless"])
@pytest.mark.parametrize("online", [1, 2])
def test_mains_power_is_enough(kind: str, online: int) -> None:
    files = {**mains(online, kind), **battery("BAT0", "3")}
    assert decide(files).choice is decide(files, only_mains=True).choice is Choice.ALLOW
    assert decide(mains(online, kind)).choice is Choice.ALLOW


@pytest.mark.parametrize(
    "percent, choice", [("49", Choice.DEFER), ("50", Choice.ALLOW), ("100", Choice.ALLOW)]
)
def test_charge_of_the_battery(percent: str, choice: Choice) -> None:
    files = {**mains(0), **battery("BAT0", percent)}
    assert decide(files).choice is choice
    assert f"{percent} %" in decide(files).reason
    assert decide(files, only_mains=True).choice is Choice.DEFER


def test_emptiest_battery_counts() -> None:
    assert decide({**battery("BAT0", "90"), **battery("BAT1", "20")}).choice is Choice.DEFER


def test_battery_of_a_mouse_does_not_count() -> None:
    mouse = {**battery("hid-1", "2"), f"{FOLDER}/hid-1/scope": "Device\n"}
    assert decide({**battery("BAT0", "90"), **mouse}).choice is Choice.ALLOW
    with pytest.raises(ValueError, match="lists no power supply of the device"):
        decide(mouse)


def test_mains_that_is_off_without_a_battery_is_not_enough() -> None:
    assert decide(mains(0)).choice is Choice.DEFER


@pytest.mark.parametrize(
    "files",
    [
        {},
        {f"{FOLDER}/BAT0/type": "Battery"},
        battery("BAT0", "101"),
        battery("BAT0", "-1"),
        battery("BAT0", "full"),
        {f"{FOLDER}/AC/type": "Mains"},
    ],
)
def test_unknown_state_is_an_error(files: dict[str, str]) -> None:
    with pytest.raises((ValueError, OSError)):
        decide(files)


@pytest.mark.parametrize("percent, choice", [("29", Choice.DEFER), ("30", Choice.ALLOW)])
def test_file_with_the_charge(percent: str, choice: Choice) -> None:
    policy = Power(machine({"/run/charge": percent}), minimum_percent=30, file="/run/charge")
    assert policy.decide(QUESTION, SITUATION).choice is choice
