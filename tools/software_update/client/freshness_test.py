"""Tests of the freshness of repositories."""

from dataclasses import replace

import pytest

from software_update.client.choose_test import digest, listed, rules, view
from software_update.client.effects import Effect
from software_update.client.freshness import (
    check_versions,
    fetches,
    is_stale,
    needs_fresh,
    withdrawal,
)
from software_update.client.repository import Problem, RepositoryRejected, Versions
from software_update.client.state import Code, DomainState, Plan, State

FLOORS = Versions(2, 5, 4, 7, 8, 9, "keys", fresh_until=100)
PLAN = Plan(
    domain="main",
    release=digest(2),
    root="q",
    manifest="m",
    product="lamp",
    version="v2",
    counter=2,
    targets_version=2,
    size=1,
    slot="B",
    source=0,
    entry=listed(2).path,
)


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (FLOORS, None),
        (replace(FLOORS, root=3, timestamp=6, snapshot=5), None),
        (replace(FLOORS, root=1), "root has version 1, and this device has seen version 2"),
        (replace(FLOORS, timestamp=4), "timestamp has version 4"),
        (replace(FLOORS, snapshot=3), "snapshot has version 3"),
        (replace(FLOORS, targets=6), "targets has version 6"),
        (replace(FLOORS, channel=7), "channel has version 7"),
        (replace(FLOORS, rollout=8), "rollout has version 8"),
        (replace(FLOORS, root=3, keys="other", timestamp=1, snapshot=1, rollout=1), None),
        (replace(FLOORS, keys="other", timestamp=1), "timestamp has version 1"),
        (replace(FLOORS, root=3, timestamp=1), "timestamp has version 1"),
    ],
)
def test_versions_below_the_record_are_rejected(found: Versions, problem: str | None) -> None:
    if problem is None:
        check_versions("here", found, FLOORS, 99)
        return
    with pytest.raises(RepositoryRejected, match=f"^here: {problem}") as caught:
        check_versions("here", found, FLOORS, 99)
    assert caught.value.problem is Problem.ROLLED_BACK


def test_expired_timestamp_is_rejected() -> None:
    with pytest.raises(RepositoryRejected, match="expired at 1970-01-01T00:01:40Z") as caught:
        check_versions("here", FLOORS, FLOORS, 100)
    assert caught.value.problem is Problem.EXPIRED


def test_plan_is_stale_from_the_expiry_on() -> None:
    state = State(plan=PLAN, domains={"main": DomainState(repository=FLOORS)})
    assert (is_stale(state, PLAN, 99), is_stale(state, PLAN, 100)) == (False, True)
    assert is_stale(State(), PLAN, 1)


@pytest.mark.parametrize("effect", list(Effect))
def test_only_the_phases_of_a_plan_from_a_repository_need_it(effect: Effect) -> None:
    phases = {Effect.STORE, Effect.WRITE_SLOT, Effect.ACTIVATE, Effect.RESTART}
    assert needs_fresh(PLAN, effect) == (effect in phases)
    assert not needs_fresh(replace(PLAN, entry=""), effect)
    assert not needs_fresh(replace(PLAN, failed=Code.HALTED), effect)
    assert fetches(PLAN, effect) == (effect in {Effect.STORE, Effect.WRITE_SLOT})
    assert not fetches(replace(PLAN, stored=True), effect)


def test_listed_release_is_not_withdrawn() -> None:
    assert withdrawal(PLAN, view(listed(2)), listed(2), 7) is None
    unlisted = view(listed(2), rollouts={})
    assert withdrawal(PLAN, unlisted, listed(2), 7) is None


def test_missing_replaced_and_halted_releases_are_withdrawn() -> None:
    for found in (None, listed(2, release=digest(3))):
        event = withdrawal(PLAN, view(listed(2)), found, 7)
        assert event is not None
        assert (event.at, event.release, event.code) == (7, PLAN.release, Code.WITHDRAWN)
        assert event.text == "version v2 was withdrawn by its publisher"
    halted = view(listed(2), rollouts=rules(2, 100, halted=True, reason="it blinks"))
    event = withdrawal(PLAN, halted, listed(2), 7)
    assert event is not None
    assert event.code is Code.HALTED
    assert event.text == "version v2 was halted by its publisher: it blinks"
