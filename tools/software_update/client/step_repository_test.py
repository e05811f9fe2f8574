"""Tests of the core with a plan from a repository: what stops it, and what the device remembers."""

from dataclasses import replace

import pytest

from software_update.client import events
from software_update.client.boot_control import SlotState
from software_update.client.decision import Choice
from software_update.client.effects import Effect, effect_of
from software_update.client.question import Phase
from software_update.client.record import Record, decode, encode
from software_update.client.repository import Problem, Versions
from software_update.client.state import Code, Detail, Reply, State, answer_to
from software_update.testing.stories import (
    AGREED,
    OFFERED,
    OLD,
    OTHER,
    PLAN,
    RELEASE,
    RESTARTED,
    ROOT,
    STORE,
    WRITTEN,
    answered,
    boot,
    decided,
    play,
)

LISTED = replace(OFFERED, plan=replace(PLAN, entry="lamp/stable/2.0.bundle"))
LISTED_STORE = replace(OFFERED, plan=replace(STORE, entry="lamp/stable/2.0.bundle"))
HALTED = events.Withdrawn(60, RELEASE, Code.HALTED, "version 2.0 was halted by its publisher")
STORED = (LISTED_STORE, decided(Choice.ALLOW), events.Stored(25), events.VerifyingBegan(26))
DECLINED = (LISTED, decided(Choice.ASK), answered(Phase.DOWNLOAD, Reply.NO))
FAILS = (LISTED, *AGREED, events.Failed(30, Code.REFUSED, "bad"))

# A state, and whether it still has its plan after the release was halted. None: it never comes with a plan.
STATES: dict[Detail, tuple[State, Detail]] = {
    Detail.AWAITING_CONSENT: (play(LISTED, decided(Choice.ASK)), Detail.IDLE),
    Detail.DOWNLOADING: (play(LISTED, *AGREED), Detail.IDLE),
    Detail.VERIFYING: (play(LISTED, *AGREED, events.Written(30)), Detail.IDLE),
    Detail.INSTALLING: (
        play(*STORED, events.Verified(27), decided(Choice.ALLOW)),
        Detail.IDLE,
    ),
    Detail.AWAITING_RESTART: (
        play(LISTED, *AGREED, *WRITTEN, decided(Choice.ALLOW)),
        Detail.ROLLING_BACK,
    ),
    Detail.TRYING: (play(LISTED, *AGREED, *WRITTEN, *RESTARTED), Detail.TRYING),
    Detail.COMMITTING: (
        play(LISTED, *AGREED, *WRITTEN, *RESTARTED, events.HealthPassed(50)),
        Detail.COMMITTING,
    ),
    Detail.ROLLING_BACK: (
        play(
            LISTED, *AGREED, *WRITTEN, *RESTARTED, events.Failed(50, Code.HEALTH_FAILED, "no light")
        ),
        Detail.ROLLING_BACK,
    ),
    Detail.IDLE: (play(), Detail.IDLE),
    Detail.FINISHED: (play(*DECLINED), Detail.FINISHED),
    Detail.QUARANTINED: (play(*FAILS, *FAILS, *FAILS, LISTED), Detail.QUARANTINED),
}
BEFORE_TRYING = [
    Detail.AWAITING_CONSENT,
    Detail.DOWNLOADING,
    Detail.VERIFYING,
    Detail.INSTALLING,
    Detail.AWAITING_RESTART,
]


def test_table_has_every_state() -> None:
    assert set(STATES) == set(Detail)
    assert all(state.detail is detail for detail, (state, _) in STATES.items())


@pytest.mark.parametrize("detail", list(Detail))
def test_halted_release_ends_each_plan_that_is_not_tried(detail: Detail) -> None:
    state, expected = STATES[detail]
    after = play(HALTED, state=state)
    assert after.detail is expected
    if detail in BEFORE_TRYING:
        after = play(events.Abandoned(61, "A"), state=after)
        assert (after.detail, after.plan, effect_of(after)) == (Detail.IDLE, None, None)
        assert after.result is not None
        assert (after.result.code, after.result.text) == (HALTED.code, HALTED.text)
        assert after.failures == ()
        assert answer_to(after, RELEASE, ROOT, Phase.DOWNLOAD) is None
    elif state.plan is not None and expected in (Detail.FINISHED, Detail.QUARANTINED):
        # A person cannot agree to it any more.
        assert after == replace(state, plan=None)
    else:
        assert after == state


@pytest.mark.parametrize("detail", list(Detail))
def test_event_about_another_release_or_source_changes_nothing(detail: Detail) -> None:
    state, _ = STATES[detail]
    assert play(replace(HALTED, release=OTHER), state=state) == state
    if state.plan is not None:
        file = replace(state, plan=replace(state.plan, entry=""))
        assert play(HALTED, state=file) == file


@pytest.mark.parametrize("slot", [SlotState.UNBOOTABLE, SlotState.TRYING])
def test_slot_that_may_start_is_abandoned_before_idle(slot: SlotState) -> None:
    """Perhaps the boot loader knows the slot already, and the record does not."""
    state, _ = STATES[Detail.AWAITING_RESTART]
    if slot is SlotState.TRYING:
        state = play(events.Activated(40), state=state)
    state = play(HALTED, state=state)
    assert effect_of(state) is Effect.ABANDON


def test_slot_that_started_before_it_was_abandoned_is_left() -> None:
    state, _ = STATES[Detail.AWAITING_RESTART]
    state = play(HALTED, boot("B", SlotState.TRYING), state=state)
    assert effect_of(state) is Effect.ABANDON
    state = play(events.Abandoned(62, "B"), state=state)
    assert effect_of(state) is Effect.RESTART
    state = play(boot("A"), events.Abandoned(63, "A"), state=state)
    assert (state.detail, state.domain("main").floor) == (Detail.IDLE, OLD)


def test_restart_waits_while_the_repository_fails() -> None:
    state = play(events.Activated(40), state=STATES[Detail.AWAITING_RESTART][0])
    assert effect_of(state) is Effect.RESTART
    failed = events.SourceFailed(41, "expired", 60, Code.REPOSITORY_EXPIRED)
    state = play(failed, state=state)
    assert (state.detail, effect_of(state)) == (Detail.AWAITING_RESTART, None)
    assert state.result is not None
    assert (state.result.code, state.attempts) == (Code.REPOSITORY_EXPIRED, 1)
    assert effect_of(play(events.WaitOver(101), state=state)) is Effect.RESTART


@pytest.mark.parametrize("problem", list(Problem))
def test_each_problem_of_a_repository_has_its_code(problem: Problem) -> None:
    assert Code(problem.value).value == problem.value


def test_versions_only_rise_and_survive_the_record() -> None:
    high = Versions(2, 9, 8, 3, 4, 5, "k", 500)
    state = play(events.RepositoryRead(100, "main", high))
    assert state.domain("main").repository == high
    for role in ("root", "timestamp", "snapshot", "targets", "channel", "rollout"):
        low = replace(high, **{role: getattr(high, role) - 1, "fresh_until": 600})
        assert play(events.RepositoryRead(101, "main", low), state=state) == state
    newer = replace(high, timestamp=10, fresh_until=600)
    state = play(events.RepositoryRead(101, "main", newer), state=state)
    assert state.domain("main").repository == newer
    record = decode(encode(Record(1, state)))
    assert record is not None
    assert record.state == state


def test_device_may_change_its_channel() -> None:
    """The roles of another channel have other versions, and all others hold."""
    stable = Versions(2, 9, 8, 3, 14, 15, "deadbeef" + "57ab1e00", 500)
    state = play(events.RepositoryRead(100, "main", stable))
    beta = replace(stable, channel=1, rollout=1, keys="deadbeef" + "be7a0000")
    assert play(events.RepositoryRead(101, "main", replace(beta, targets=2)), state=state) == state
    state = play(events.RepositoryRead(101, "main", beta), state=state)
    assert state.domain("main").repository == beta


def test_floors_hold_only_for_the_root_in_the_image_from_which_they_come() -> None:
    high, new = Versions(3, 9, 9, fresh_until=500), Versions(1, 1, 1, fresh_until=500)
    state = play(events.RepositoryRead(100, "main", high, "first"))
    assert play(events.RepositoryRead(101, "main", new, "first"), state=state) == state
    state = play(events.RepositoryRead(101, "main", new, "second"), state=state)
    assert state.domain("main").floors("second") == new
    assert state.domain("main").floors("first") == Versions()


def test_time_is_remembered_only_below_a_signed_expiry() -> None:
    read = events.RepositoryRead(400, "main", Versions(1, 1, 1, fresh_until=500))
    assert play(read).seen == 400
    assert play(replace(read, at=300), state=play(read)).seen == 400
    assert play(replace(read, at=500)).seen == 0


def test_same_release_from_another_bundle_keeps_the_question_and_who_asked() -> None:
    asking = play(LISTED, decided(Choice.ASK))
    by_person = replace(LISTED.plan, entry="lamp/stable/other.bundle", by_person=True, steps=("3",))
    state = play(replace(LISTED, plan=by_person), state=asking)
    assert state.plan is not None
    assert (state.plan.asking, state.plan.entry) == (True, "lamp/stable/other.bundle")
    assert (state.plan.by_person, state.plan.steps) == (True, ("3",))
    again = play(LISTED, state=state)
    assert again.plan is not None
    assert (again.plan.by_person, again.plan.steps) == (True, ())


def test_time_that_witnesses_state_only_moves_forward() -> None:
    state = play(events.TimeProven(9, 300), state=State(seen=200))
    assert state == State(seen=300)
    assert play(events.TimeProven(9, 100), state=state) == state
