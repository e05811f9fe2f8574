"""Traps of update clients that the core avoids, as stories of events.

docs/explanation/client_traps.md lists all traps.
"""

from dataclasses import replace

import pytest

from software_update.client import events
from software_update.client.boot_control import SlotState
from software_update.client.decision import Choice
from software_update.client.effects import Effect, effect_of
from software_update.client.events import Event
from software_update.client.question import Phase
from software_update.client.state import MAX_ANSWERS, Answer, Code, Detail, Reply, State
from software_update.client.step import answer_problem
from software_update.testing.stories import (
    AGREED,
    NEW,
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

ACTIVATED = (decided(Choice.ALLOW), events.Activated(40, "boot 1"))


def code(state: State) -> Code | None:
    return state.result.code if state.result else None


# Consent.


def test_yes_to_a_version_does_not_cover_another_release_with_the_same_version() -> None:
    state = play(OFFERED, decided(Choice.ASK), answered(Phase.DOWNLOAD))
    same_version = replace(PLAN, release=OTHER)
    state = play(replace(OFFERED, plan=same_version), decided(Choice.ASK), state=state)
    assert state.plan is not None
    assert (state.plan.version, state.plan.asking) == (PLAN.version, True)


@pytest.mark.parametrize(
    "refusal",
    [answered(Phase.RESTART, Reply.NO), decided(Choice.DENY), events.CancelRequested(33, "bob")],
)
def test_refused_restart_downloads_nothing_again(refusal: Event) -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, decided(Choice.ASK), refusal)
    again = play(OFFERED, state=state)
    assert (again.detail, effect_of(again)) == (Detail.FINISHED, None)
    agreed = play(answered(Phase.DOWNLOAD), decided(Choice.ALLOW), state=again)
    assert effect_of(agreed) == Effect.WRITE_SLOT


def test_refusal_of_a_policy_ends_with_its_preset() -> None:
    state = play(OFFERED, decided(Choice.ALLOW), *WRITTEN, decided(Choice.DENY))
    state = play(events.PresetChanged(50, "main", "ask", "alice"), OFFERED, state=state)
    assert effect_of(state) == Effect.CONSULT


def test_refusal_of_a_person_outlives_a_new_preset() -> None:
    state = play(OFFERED, decided(Choice.ASK), answered(Phase.DOWNLOAD, Reply.NO))
    state = play(events.PresetChanged(50, "main", "auto-all", "alice"), OFFERED, state=state)
    assert effect_of(state) is None


def test_release_that_a_person_rolled_back_does_not_return_by_itself() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, *RESTARTED, events.CancelRequested(50, "bob"))
    state = play(events.Abandoned(51, "B"), boot("A"), events.Abandoned(60, "A"), state=state)
    assert code(state) == Code.ROLLED_BACK
    again = play(OFFERED, state=state)
    assert (again.detail, effect_of(again)) == (Detail.FINISHED, None)


def test_declined_release_can_be_approved_after_a_check_that_failed() -> None:
    state = play(OFFERED, decided(Choice.ASK), answered(Phase.DOWNLOAD, Reply.NO))
    state = play(events.SourceFailed(30, "no answer", 60), state=state)
    assert answer_problem(state, answered(Phase.DOWNLOAD).answer) is None


def test_declined_release_cannot_be_approved_under_a_new_root() -> None:
    state = play(OFFERED, decided(Choice.ASK), answered(Phase.DOWNLOAD, Reply.NO))
    state = play(events.RootVerified(25, "main", "f" * 64, OTHER, 2), state=state)
    assert answer_problem(state, answered(Phase.DOWNLOAD).answer) == (
        "no release waits for an answer"
    )


def test_declined_release_cannot_be_approved_for_a_slot_that_runs_by_now() -> None:
    state = play(OFFERED, decided(Choice.ASK), answered(Phase.DOWNLOAD, Reply.NO))
    state = play(boot("B", SlotState.GOOD), answered(Phase.DOWNLOAD), state=state)
    assert effect_of(state) is None
    assert state.plan is None


def test_preset_of_another_domain_does_not_shorten_a_postponement() -> None:
    later = answered(Phase.DOWNLOAD, Reply.LATER, 10_000)
    state = play(OFFERED, decided(Choice.ASK), later)
    state = play(events.PresetChanged(30, "radio", "auto-all", "alice"), state=state)
    assert state.plan is not None
    assert state.plan.not_before == 10_000


@pytest.mark.parametrize("detail", ["AWAITING_CONSENT", "DOWNLOADING", "VERIFYING"])
def test_switched_off_updates_end_what_is_under_way(detail: str) -> None:
    stories: dict[str, tuple[Event, ...]] = {
        "AWAITING_CONSENT": (),
        "DOWNLOADING": AGREED,
        "VERIFYING": (*AGREED, events.Written(30)),
    }
    state = play(OFFERED, *stories[detail])
    assert state.detail.name == detail
    state = play(events.PresetChanged(31, "main", "never", "alice"), state=state)
    state = play(decided(Choice.DENY), state=state)
    assert (state.detail, code(state)) == (Detail.FINISHED, Code.DENIED_BY_POLICY)


def test_never_outlives_many_other_answers() -> None:
    state = play(OFFERED, decided(Choice.ASK), answered(Phase.DOWNLOAD, Reply.NEVER))
    for number in range(2 * MAX_ANSWERS):
        other = f"{number:064x}"
        offered = replace(OFFERED, plan=replace(PLAN, release=other))
        state = play(offered, answered(Phase.DOWNLOAD, Reply.NO, release=other), state=state)
    assert len(state.answers) == MAX_ANSWERS
    assert effect_of(play(OFFERED, state=state)) is None


# Failures and waits.


def test_report_or_check_that_fails_after_the_commit_changes_no_outcome() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, *RESTARTED, events.HealthPassed(50))
    state = play(events.Confirmed(51), events.SourceFailed(60, "no answer", 60), state=state)
    state = play(events.Failed(61, Code.INSTALL_FAILED, "late"), boot("B"), state=state)
    assert (state.detail, state.domain("main").floor) == (Detail.FINISHED, NEW)
    assert state.failures == ()


def test_verification_that_cannot_read_its_source_waits() -> None:
    state = play(replace(OFFERED, plan=STORE), decided(Choice.ALLOW), events.Stored(25))
    state = play(events.VerifyingBegan(26), events.SourceFailed(27, "shorter", 60), state=state)
    assert effect_of(state) is None
    assert effect_of(play(events.WaitOver(90), state=state)) == Effect.VERIFY_STORED


@pytest.mark.parametrize("failure", [Code.BASE_CHANGED, Code.ORDER_NOT_TAKEN])
def test_bundle_that_never_fits_is_not_downloaded_for_ever(failure: Code) -> None:
    state = play()
    for _ in range(3):
        state = play(OFFERED, decided(Choice.ALLOW), events.Failed(30, failure, ""), state=state)
    again = play(OFFERED, state=state)
    assert (again.detail, effect_of(again)) == (Detail.QUARANTINED, None)


def test_result_about_a_quarantined_release_names_that_release() -> None:
    bad = replace(OFFERED, plan=replace(PLAN, release=OTHER))
    state = play()
    for _ in range(3):
        failed = events.Failed(30, Code.REFUSED, "bad")
        state = play(bad, decided(Choice.ALLOW), failed, state=state)
    state = play(OFFERED, decided(Choice.ASK), bad, state=state)
    assert state.result is not None
    assert (state.detail, state.result.release) == (Detail.QUARANTINED, OTHER)


def test_boot_loader_that_fails_in_a_rollback_keeps_its_reason_and_is_asked_less_often() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, *RESTARTED)
    state = play(events.Failed(50, Code.HEALTH_FAILED, "no network"), state=state)
    waits = []
    for _ in range(9):
        failed = events.Failed(51, Code.BOOT_CONTROL_FAILED, "cannot write")
        state = play(failed, state=state)
        waits.append(state.retry_in)
        state = play(events.WaitOver(60), state=state)
    assert waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    state = play(events.Abandoned(70, "B"), boot("A"), events.Abandoned(80, "A"), state=state)
    assert state.result is not None
    assert (state.result.code, state.result.text) == (Code.HEALTH_FAILED, "no network")


# Boot loaders.


def test_boot_loader_that_never_starts_the_slot_is_not_restarted_for_ever() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, *ACTIVATED)
    # The client was restarted, not the device.
    assert effect_of(play(started("A", "boot 1"), state=state)) == Effect.RESTART
    state = play(started("A", "boot 2"), state=state)
    assert (state.detail, effect_of(state)) == (Detail.ROLLING_BACK, Effect.ABANDON)
    state = play(events.Abandoned(60, "A"), state=state)
    assert (code(state), state.failures[0].count) == (Code.FELL_BACK, 1)


def test_boot_loader_that_never_leaves_the_slot_is_not_restarted_for_ever() -> None:
    state = play(OFFERED, *AGREED, *WRITTEN, *ACTIVATED, started("B", "boot 2"))
    state = play(events.Failed(50, Code.HEALTH_FAILED, "no network"), state=state)
    restarts = 0
    while state.detail == Detail.ROLLING_BACK and restarts < 9:
        restarts += 1
        state = play(events.Abandoned(51, "B", f"boot {restarts}"), state=state)
        assert effect_of(state) == Effect.RESTART
        assert effect_of(play(started("B", f"boot {restarts}"), state=state)) == Effect.ABANDON
        state = play(started("B", f"boot {restarts + 1}"), state=state)
    assert (restarts, code(state), state.answers) == (3, Code.BOOT_CONTROL_FAILED, ())


def started(booted: str, boot_id: str) -> events.Started:
    return replace(boot(booted, SlotState.TRYING), boot_id=boot_id)


@pytest.mark.parametrize("cut", [True, False])
def test_person_who_restarts_by_hand_ends_in_the_new_slot(cut: bool) -> None:
    """Mender waited for its own restart, and took another one for a failure."""
    story = (decided(Choice.ALLOW),) if cut else ACTIVATED
    state = play(OFFERED, *AGREED, *WRITTEN, *story, started("B", "boot 2"))
    assert (state.detail, effect_of(state)) == (Detail.TRYING, Effect.CHECK_HEALTH)


def test_abort_between_installation_and_restart_leaves_the_slot() -> None:
    """A client that only forgot its plan would start the slot at the next restart."""
    state = play(OFFERED, *AGREED, *WRITTEN, *ACTIVATED, events.CancelRequested(41, "bob"))
    assert effect_of(state) == Effect.ABANDON
    state = play(events.Abandoned(42, "A"), state=state)
    assert (state.detail, state.domain("main").floor) == (Detail.FINISHED, OLD)


def test_domain_that_is_not_configured_any_more_does_not_block_the_others() -> None:
    state = play(OFFERED, *AGREED)
    state = play(events.Started(50, {}), state=state)
    assert (state.detail, code(state)) == (Detail.FINISHED, Code.CANCELLED)


def test_start_of_one_domain_leaves_the_plan_of_another() -> None:
    state = play(OFFERED, *AGREED)
    both = events.Started(50, {**boot("A").boot, "radio": boot("B", SlotState.GOOD).boot["main"]})
    state = play(both, state=state)
    assert (state.detail, state.domain("radio").running) == (Detail.DOWNLOADING, "B")


def test_answers_to_all_phases_at_once_are_void_with_the_root() -> None:
    state = play(OFFERED, decided(Choice.ASK), *(answered(phase) for phase in Phase))
    state = play(events.RootVerified(25, "main", "f" * 64, OTHER, 2), state=state)
    state = play(replace(OFFERED, plan=replace(PLAN, root=OTHER)), decided(Choice.ASK), state=state)
    assert state.plan is not None
    assert state.plan.asking
    given = Answer(RELEASE, ROOT, Phase.DOWNLOAD, Reply.YES, "alice", 20)
    assert answer_problem(state, given) is not None
