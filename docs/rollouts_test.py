"""Tests of the guide to rollouts: its tables are what the client does, and its numbers are right."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from software_update.client import events, freshness
from software_update.client.choose import Device, choose
from software_update.client.effects import Effect
from software_update.client.repository import Listed, Versions, View
from software_update.client.schedule import next_check
from software_update.client.shell.client import DEFAULT_TIMES
from software_update.client.state import AT_REST, Code, Detail, Installed, Plan, State
from software_update.client.step import step
from software_update.format.catalog import CatalogEntry
from software_update.format.rollout import Band, Rollout
from software_update.repository.names import Lifetimes
from software_update.repository.storage import TIMESTAMP_AGE

PAGE = Path("docs/guides/rollouts.md").read_text(encoding="utf-8")
HOUR = 3600
NOW = 1_800_000_000
RELEASE = "ab" * 32
OLD = Installed("m" * 64, "cd" * 32, "1.0", 1, 1)
ENTRY = CatalogEntry("page", "1.1", 2, RELEASE, 50)
LISTED = Listed("page/stable/1.1.bundle", 100, "", ENTRY)
PLAN = Plan("main", RELEASE, "root", "m" * 64, "page", "1.1", 2, 2, 10, "B", 0, entry=LISTED.path)


def table(heading: str) -> list[list[str]]:
    """Returns the cells of the table whose first line begins with a heading."""
    rows = PAGE.partition(f"\n| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def codes(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


_BANDS = (Band(100, NOW),)
SITUATIONS = {
    "has no rules": View(Versions(), (LISTED,), {}),
    "has bands, and the device is in none yet": View(
        Versions(), (LISTED,), {RELEASE: Rollout(RELEASE, (Band(100, NOW + 1),))}
    ),
    "has bands, and the device is in one": View(
        Versions(), (LISTED,), {RELEASE: Rollout(RELEASE, _BANDS)}
    ),
    "is halted": View(Versions(), (LISTED,), {RELEASE: Rollout(RELEASE, _BANDS, halted=True)}),
    "is withdrawn": View(Versions(), (), {RELEASE: Rollout(RELEASE, _BANDS)}),
}


def test_table_of_devices_has_each_situation() -> None:
    assert [row[0] for row in table("the release")] == list(SITUATIONS)


@pytest.mark.parametrize("row", table("the release"), ids=lambda row: row[0])
def test_devices_choose_as_the_table_says(row: list[str]) -> None:
    for by_person, cell in enumerate(row[1:]):
        device = Device("page", None, OLD, OLD, bytes(32), NOW, by_person=bool(by_person))
        found = choose(SITUATIONS[row[0]], device)
        assert bool(found.steps) == (cell == "offers it")
        assert codes(cell) == ([found.code.value] if found.code else [])


STATES = {name: (row[1], row[2]) for row in table("state of the device") for name in codes(row[0])}


def test_table_of_plans_has_each_state() -> None:
    assert sorted(STATES) == sorted(each.value for each in Detail)


@pytest.mark.parametrize("detail", list(Detail))
def test_halt_does_what_the_table_says(detail: Detail) -> None:
    says, _ = STATES[detail.value]
    domain = replace(State().domain("main"), running="A", slots={"A": OLD}, floor=OLD)
    plan = None if detail in AT_REST else PLAN
    state = replace(State().with_domain("main", domain), detail=detail, plan=plan)
    rules = Rollout(RELEASE, (), halted=True)
    halt = freshness.withdrawal(PLAN, View(Versions(), (LISTED,), {RELEASE: rules}), LISTED, NOW)
    assert halt is not None
    after, effect = step(state, halt)
    if "slot unbootable" in says:
        assert effect is Effect.ABANDON
        after, _ = step(after, events.Abandoned(NOW, "A"))
    ended = after.detail is Detail.IDLE and after.result and after.result.code is Code.HALTED
    assert bool(ended) == ("ends the plan" in says)
    assert ended or after == state


def test_devices_that_look_at_each_check_are_at_rest_or_wait() -> None:
    shown = {name for name, (_, when) in STATES.items() if when.startswith("at its next check")}
    waits = {Detail.AWAITING_CONSENT, Detail.AWAITING_RESTART}
    assert shown == {each.value for each in AT_REST | waits}


def seconds(text: str) -> int:
    units = {"h": HOUR, "min": 60, "s": 1}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+) (h|min|s)", text))


def test_defaults_are_those_of_the_code() -> None:
    defaults = {row[0][0]: seconds(row[1]) for row in table("time")}
    assert defaults["I"] == DEFAULT_TIMES.interval
    assert defaults["A"] == TIMESTAMP_AGE
    assert defaults["L"] == Lifetimes().timestamp


def test_longest_wait_of_a_check_is_that_of_the_formula() -> None:
    assert "at most **1.25 \N{MULTIPLICATION SIGN} I + A**" in PAGE
    assert next_check(HOUR, 1.0) == 1.25 * HOUR
    assert next_check(HOUR, 0.0) == 0.75 * HOUR


@pytest.mark.parametrize("row", table("I"), ids=lambda row: "-".join(row[:4]))
def test_times_of_a_halt_follow_from_the_formulas(row: list[str]) -> None:
    interval, age, lifetime, refresh, online, latest, spare = map(seconds, row)
    assert online == min(1.25 * interval + age, lifetime)
    assert latest == lifetime
    assert spare == lifetime - refresh


def test_no_device_goes_on_with_a_timestamp_from_before_the_halt() -> None:
    domain = replace(State().domain("main"), repository=Versions(fresh_until=NOW + 24 * HOUR))
    state = State().with_domain("main", domain)
    assert not freshness.is_stale(state, PLAN, NOW + 24 * HOUR - 1)
    assert freshness.is_stale(state, PLAN, NOW + 24 * HOUR)
    phases = (Effect.STORE, Effect.WRITE_SLOT, Effect.ACTIVATE, Effect.RESTART)
    assert all(freshness.needs_fresh(PLAN, each) for each in phases)


def test_shares_of_a_band_are_those_of_the_page() -> None:
    deviation = (1000 * 0.05 * 0.95) ** 0.5
    assert f"between {50 - round(2 * deviation)} and {50 + round(2 * deviation)}" in PAGE
