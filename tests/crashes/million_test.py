"""A million outcomes: three interruptions in a row; and two with a recovery for each different medium."""

from __future__ import annotations

import pytest
from software_update.client import step
from software_update.client.simulator.crashes import HEADER, Fault, explore

from tests.crashes.device import OLD
from tests.crashes.invariants import scenario
from tests.crashes.scenarios import RECOVERIES, SCENARIOS

BOTH = Fault.CUT | Fault.KILL
# Outcomes that each scenario has at least.
THRICE = {
    "stream into a raw slot": 160_000,
    "stream into a folder": 280_000,
    "store first": 300_000,
    "one copy of environment": 100_000,
    "not provisioned": 170_000,
}


def test_scenarios_have_a_million_outcomes() -> None:
    assert sum(THRICE.values()) > 1_000_000


@pytest.mark.parametrize("name", THRICE)
def test_update_survives_three_interruptions(name: str) -> None:
    device, numbers = SCENARIOS[name]
    # After three cuts in the boot loader, the other slot runs.
    made = scenario(name, device, ends_with={OLD.number, *numbers}, may_fail=True)
    table = explore(made, depth=3, first=BOTH)
    print(f"\n{HEADER}\n{table.row()}")
    assert [str(each) for each in table.violations] == []
    assert table.outcomes >= THRICE[name]


@pytest.mark.parametrize("name", RECOVERIES)
def test_recovery_survives_one_interruption(name: str) -> None:
    device, numbers = SCENARIOS[name]
    table = explore(scenario(name, device, ends_with=numbers), depth=1, first=BOTH)
    print(f"\n{HEADER}\n{table.row()}")
    assert [str(each) for each in table.violations] == []
    assert table.outcomes > 500


def test_floor_that_falls_with_the_golden_release_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "is_lower", lambda one, other: False)
    device, numbers = SCENARIOS[RECOVERIES[0]]
    table = explore(scenario("planted", device, ends_with=numbers), depth=1)
    assert any("the floor falls from 2 to 1" in str(each) for each in table.violations)


def test_each_medium_recovers_without_reduction() -> None:
    name = "stream into a raw slot"
    device, numbers = SCENARIOS[name]
    table = explore(scenario(name, device, ends_with=numbers, reduce=False), depth=2, first=BOTH)
    print(f"\n{HEADER}\n{table.row()}")
    assert [str(each) for each in table.violations] == []
    assert table.runs >= table.images
