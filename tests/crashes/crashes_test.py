"""Whole updates with the real client, cut at every crash point, and cut again in each recovery.

Each test prints a row of the table: crash points, outcomes, different media, recoveries that ran, restarts
until the device had recovered, violations. Together they examine more than 100,000 outcomes; the target
`million_test` examines a million.
"""

from __future__ import annotations

import errno

import pytest
from software_update.client.simulator.crashes import HEADER, Fault, Table, explore, fail_each

from tests.crashes.invariants import scenario
from tests.crashes.scenarios import RECOVERIES, SCENARIOS

BOTH = Fault.CUT | Fault.KILL
# Outcomes that each scenario has at least, with its recoveries cut too.
TWICE = {
    "stream into a raw slot": 26_000,
    "stream into a folder": 40_000,
    "store first": 45_000,
}


def show(table: Table) -> None:
    """Prints the table, and fails with its violations."""
    print(f"\n{HEADER}\n{table.row()}")
    assert [str(each) for each in table.violations] == []


def test_scenarios_have_100_000_outcomes() -> None:
    assert sum(TWICE.values()) > 100_000


@pytest.mark.parametrize("name", TWICE)
def test_update_survives_two_interruptions(name: str) -> None:
    device, numbers = SCENARIOS[name]
    table = explore(scenario(name, device, ends_with=numbers), depth=2, first=BOTH)
    show(table)
    assert table.outcomes >= TWICE[name]


@pytest.mark.parametrize("name", sorted(SCENARIOS.keys() - TWICE.keys() - {*RECOVERIES}))
def test_update_survives_one_interruption(name: str) -> None:
    device, numbers = SCENARIOS[name]
    show(explore(scenario(name, device, ends_with=numbers), depth=1, first=BOTH))


@pytest.mark.parametrize("name", ["stream into a raw slot", "store first"])
def test_update_survives_the_failure_of_each_operation(name: str) -> None:
    device, numbers = SCENARIOS[name]
    made = scenario(name, device, ends_with={2, *numbers}, may_fail=True)
    show(fail_each(made, [errno.EIO, errno.ENOSPC, errno.EROFS]))
