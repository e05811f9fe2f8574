"""Tests of the core, as short stories of events."""

from dataclasses import replace

import pytest

from software_update.client import events
from software_update.client.boot_control import SlotState
from software_update.client.decision import Choice
from software_update.client.effects import Effect, effect_of
from software_update.client.events import Event
from software_update.client.question import Phase
from software_update.client.state import (
    Code,
    Detail,
    External,
    Reply,
    below_floor,
    external,
)
from software_update.client.step import answer_problem, step
from software_update.testing.stories import (
    AGREED,
    NEW,
    OFFERED,
    OLD,
    OTHER,
    PLAN,
    RESTARTED,
    STORE,
    WRITTEN,
    answered,
    boot,
    decided,
    play,
)


def test_whole_update_raises_floor_at_commit_only() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, *RESTARTED, events.HealthPassed(50))
    assert (state.detail, state.domain("main").floor) == (Detail.COMMITTING, OLD)
    state = play(events.Confirmed(51), state=state)
    assert (state.detail, external(state)) == (Detail.FINISHED, External.FINISHED)
    domain = state.domain("main")
    assert (domain.floor, domain.slots) == (NEW, {"A": OLD, "B": NEW})
    assert state.result is not None
    assert state.result.code == Code.UPDATED


def test_effects_of_a_streamed_update() -> None:
    state, seen = play(), []
    story = (OFFERED, *AGREED, *WRITTEN, *RESTARTED, events.HealthPassed(50), events.Confirmed(51))
    for event in story:
        state, effect = step(state, event)
        seen.append((external(state).name, effect))
    assert seen == [
        ("INACTIVE", Effect.CONSULT),
        ("INACTIVE", None),
        ("INACTIVE", Effect.CONSULT),
        ("TRANSFERRING", Effect.WRITE_SLOT),
        ("VERIFYING", Effect.VERIFY_SLOT),
        ("APPLYING", Effect.CONSULT),
        ("APPLYING", Effect.ACTIVATE),
        ("APPLYING", Effect.RESTART),
        ("APPLYING", Effect.CHECK_HEALTH),
        ("APPLYING", Effect.CONFIRM),
        ("FINISHED", None),
    ]


def test_effects_of_a_stored_update() -> None:
    state, seen = play(), []
    story: tuple[Event, ...] = (
        replace(OFFERED, plan=STORE),
        decided(Choice.ALLOW),
        events.Stored(25),
        events.VerifyingBegan(26),
        events.Verified(27),
        decided(Choice.ALLOW),
        events.Written(30),
        events.Verified(31),
        decided(Choice.ALLOW),
    )
    for event in story:
        state, effect = step(state, event)
        seen.append((external(state).name, effect))
    assert seen == [
        ("INACTIVE", Effect.CONSULT),
        ("TRANSFERRING", Effect.STORE),
        ("TRANSFERRED", Effect.BEGIN_VERIFYING),
        ("VERIFYING", Effect.VERIFY_STORED),
        ("VERIFIED", Effect.CONSULT),
        ("APPLYING", Effect.WRITE_SLOT),
        ("APPLYING", Effect.VERIFY_SLOT),
        ("APPLYING", Effect.CONSULT),
        ("APPLYING", Effect.ACTIVATE),
    ]


def test_policy_that_allows_is_recorded_as_the_one_who_agreed() -> None:
    state = play(OFFERED, decided(Choice.ALLOW))
    assert [(each.phase, each.who) for each in state.answers] == [
        (Phase.DOWNLOAD, "policy: a reason")
    ]


@pytest.mark.parametrize(
    "void",
    [
        answered(Phase.DOWNLOAD, release=OTHER),
        answered(Phase.DOWNLOAD, root=OTHER),
    ],
)
def test_answer_for_another_release_or_root_is_void(void: events.Answered) -> None:
    state = play(OFFERED, decided(Choice.ASK))
    assert answer_problem(state, void.answer)
    assert play(void, state=state) == state


def test_answer_to_another_phase_does_not_begin_this_one() -> None:
    state = play(OFFERED, decided(Choice.ASK), answered(Phase.RESTART))
    assert (state.detail, effect_of(state)) == (Detail.AWAITING_CONSENT, None)


def test_answer_survives_a_restart_of_the_device() -> None:
    state = play(OFFERED, decided(Choice.ASK), answered(Phase.DOWNLOAD), boot())
    assert play(decided(Choice.ALLOW), state=state).detail == Detail.DOWNLOADING


def test_new_root_voids_answers() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, decided(Choice.ASK), answered(Phase.RESTART))
    state = play(events.RootVerified(25, "main", "f" * 64, OTHER, 2), state=state)
    assert (state.detail, state.plan) == (Detail.FINISHED, None)
    state = play(replace(OFFERED, plan=replace(PLAN, root=OTHER)), state=state)
    assert (state.detail, effect_of(state)) == (Detail.AWAITING_CONSENT, Effect.CONSULT)
    assert play(decided(Choice.ASK), state=state).plan.asking  # type: ignore[union-attr]


def test_newer_release_replaces_the_question() -> None:
    newer = replace(PLAN, release=OTHER, counter=3)
    state = play(OFFERED, decided(Choice.ASK), replace(OFFERED, plan=newer))
    assert state.plan is not None
    assert (state.plan.release, state.plan.asking) == (OTHER, False)


def test_declined_release_is_not_asked_about_again_until_somebody_agrees() -> None:
    state = play(OFFERED, decided(Choice.ASK), answered(Phase.DOWNLOAD, Reply.NO))
    assert state.result is not None
    assert (state.detail, state.result.code) == (Detail.FINISHED, Code.DECLINED)
    again = play(OFFERED, state=state)
    assert (again.detail, effect_of(again)) == (Detail.FINISHED, None)
    agreed = play(answered(Phase.DOWNLOAD), decided(Choice.ALLOW), state=again)
    assert agreed.detail == Detail.DOWNLOADING


def test_never_holds_under_every_root() -> None:
    state = play(OFFERED, decided(Choice.ASK), answered(Phase.DOWNLOAD, Reply.NEVER))
    state = play(replace(OFFERED, plan=replace(PLAN, root=OTHER)), state=state)
    assert state.detail == Detail.FINISHED


def test_postponed_question_waits() -> None:
    state = play(OFFERED, decided(Choice.ASK), answered(Phase.DOWNLOAD, Reply.LATER, 100))
    assert state.plan is not None
    assert (state.plan.not_before, state.plan.postponements, effect_of(state)) == (100, 1, None)
    assert effect_of(play(events.WaitOver(101), state=state)) == Effect.CONSULT


def test_denial_of_policy_ends_the_plan() -> None:
    state = play(OFFERED, decided(Choice.DENY))
    assert state.result is not None
    assert state.result.code == Code.DENIED_BY_POLICY


def test_deferring_policy_is_asked_again_later_but_not_at_once() -> None:
    state = play(OFFERED, decided(Choice.DEFER, 5))
    assert state.plan is not None
    assert (state.plan.not_before, effect_of(state)) == (80, None)


def test_slot_that_is_written_has_no_known_release() -> None:
    known = {"A": OLD, "B": NEW}
    state = play()
    state = state.with_domain("main", replace(state.domain("main"), slots=known))
    state = play(OFFERED, *AGREED, state=state)
    assert state.domain("main").slots == {"A": OLD}


def test_source_failure_waits_and_counts() -> None:
    state = play(OFFERED, *AGREED, events.SourceFailed(25, "no route", 60))
    assert (state.detail, state.retry_in, state.attempts) == (Detail.DOWNLOADING, 60, 1)
    assert effect_of(state) is None
    assert effect_of(play(events.WaitOver(90), state=state)) == Effect.WRITE_SLOT


@pytest.mark.parametrize("code", [Code.REFUSED, Code.INSTALL_FAILED])
def test_three_failures_quarantine_a_release(code: Code) -> None:
    state = play()
    for _ in range(3):
        state = play(OFFERED, decided(Choice.ALLOW), events.Failed(30, code, "bad"), state=state)
    assert state.detail == Detail.QUARANTINED
    again = play(OFFERED, state=state)
    assert (again.detail, effect_of(again)) == (Detail.QUARANTINED, None)
    newer = replace(PLAN, release=OTHER, counter=3)
    assert play(replace(OFFERED, plan=newer), state=again).detail == Detail.AWAITING_CONSENT
    cleared = play(events.ClearRequested(60, "alice"), state=again)
    assert play(OFFERED, state=cleared).detail == Detail.AWAITING_CONSENT


def test_full_disk_is_not_counted_against_the_release() -> None:
    state = play(OFFERED, *AGREED, events.Failed(30, Code.NO_ROOM, "full"))
    assert (state.detail, state.failures) == (Detail.FINISHED, ())


def test_failed_health_check_rolls_back_and_uses_up_consent() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, *RESTARTED)
    state = play(events.Failed(50, Code.HEALTH_FAILED, "no network"), state=state)
    assert (external(state), effect_of(state)) == (External.ABORTING, Effect.ABANDON)
    state = play(events.Abandoned(51, "B"), state=state)
    assert effect_of(state) == Effect.RESTART
    state = play(boot("A"), state=state)
    assert effect_of(state) == Effect.ABANDON
    state = play(events.Abandoned(60, "A"), state=state)
    assert state.result is not None
    assert (state.detail, state.result.code) == (Detail.FINISHED, Code.HEALTH_FAILED)
    assert state.domain("main").floor == OLD
    assert state.answers == ()


@pytest.mark.parametrize("b", [SlotState.EXHAUSTED, SlotState.UNBOOTABLE])
def test_fallen_back_device_abandons_the_slot(b: SlotState) -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, decided(Choice.ALLOW), events.Activated(40))
    state = play(boot("A", b), state=state)
    assert (state.detail, effect_of(state)) == (Detail.ROLLING_BACK, Effect.ABANDON)


def test_cut_before_activation_repeats_it() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, decided(Choice.ALLOW), boot("A"))
    assert (state.detail, effect_of(state)) == (Detail.AWAITING_RESTART, Effect.ACTIVATE)


def test_boot_loader_that_started_the_slot_wins_over_a_record_without_activation() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, decided(Choice.ALLOW), boot("B", SlotState.TRYING))
    assert (state.detail, effect_of(state)) == (Detail.TRYING, Effect.CHECK_HEALTH)


def test_slot_started_by_others_is_never_confirmed() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, decided(Choice.ASK), boot("B", SlotState.GOOD))
    assert state.result is not None
    assert (state.detail, state.result.code) == (Detail.FINISHED, Code.SWITCHED_OUTSIDE)
    assert state.domain("main").floor == OLD


def test_restart_by_hand_before_consent_changes_nothing() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, decided(Choice.ASK), boot("A"))
    assert (state.detail, effect_of(state)) == (Detail.AWAITING_CONSENT, Effect.CONSULT)


def test_rollback_works_before_commit_only() -> None:
    trying = play(OFFERED, *AGREED, *WRITTEN, *RESTARTED)
    assert play(events.CancelRequested(50, "bob"), state=trying).detail == Detail.ROLLING_BACK
    committing = play(events.HealthPassed(50), state=trying)
    assert play(events.CancelRequested(51, "bob"), state=committing) == committing


def test_cancelled_download_is_an_answer_no() -> None:
    state = play(OFFERED, *AGREED, events.CancelRequested(30, "bob"))
    assert state.result is not None
    assert (state.detail, state.result.code) == (Detail.FINISHED, Code.CANCELLED)
    assert play(OFFERED, state=state).detail == Detail.FINISHED


def test_device_on_an_older_slot_is_below_its_floor() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, *RESTARTED, events.HealthPassed(50))
    state = play(events.Confirmed(51), state=state)
    assert not below_floor(state.domain("main"))
    fallen = play(boot("A"), state=state)
    assert below_floor(fallen.domain("main"))
    assert fallen.domain("main").floor == NEW


def test_late_events_change_nothing() -> None:
    at_rest = play()
    late: list[Event] = [
        events.Written(30),
        events.Verified(30),
        events.Stored(30),
        events.VerifyingBegan(30),
        events.Activated(30),
        events.HealthPassed(30),
        events.Confirmed(30),
        events.Abandoned(30, "A"),
        decided(Choice.ALLOW),
        answered(Phase.DOWNLOAD),
        events.CancelRequested(30, "bob"),
    ]
    for event in late:
        assert play(event, state=at_rest) == at_rest


def test_new_preset_answers_the_waiting_question() -> None:
    state = play(OFFERED, decided(Choice.ASK))
    state = play(events.PresetChanged(30, "main", "auto-all", "alice"), state=state)
    assert effect_of(state) == Effect.CONSULT
