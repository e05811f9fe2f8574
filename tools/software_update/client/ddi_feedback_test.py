"""Tests of the messages to hawkBit about checks and plans."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from software_update.client.ddi_feedback import after_cancel, after_change, after_check
from software_update.client.question import Phase
from software_update.client.sources.ddi_messages import Message
from software_update.client.state import Code, Detail, Plan, Result, State

PLAN = Plan(
    domain="main",
    release="ab" * 32,
    root="cd" * 32,
    manifest="ef" * 32,
    product="Lamp",
    version="2.0",
    counter=7,
    targets_version=7,
    size=1000,
    slot="B",
    source=0,
    phase=Phase.DOWNLOAD,
    offer="deploymentBase/10",
)
CONFIRMED = replace(PLAN, offer="confirmationBase/10")
WAITING = State(detail=Detail.AWAITING_CONSENT, plan=PLAN)


def told(messages: Sequence[Message]) -> list[Any]:
    """Returns resource and kind of each message: the execution and result, or the confirmation."""
    found: list[Any] = []
    for each in messages:
        resource, body = each["resource"].removesuffix("/feedback"), each["body"]
        if "confirmation" in body:
            found.append((resource, body["confirmation"]))
        else:
            status = body["status"]
            found.append((resource, status["execution"], status["result"]["finished"]))
    return found


def ended(code: Code, plan: Plan = PLAN, **changes: Any) -> Sequence[Message]:
    before = State(detail=Detail.DOWNLOADING, plan=plan)
    result = Result(code, "the reason", plan.release, 9)
    return after_change(before, replace(State(detail=Detail.FINISHED, result=result), **changes))


def test_plan_of_another_source_is_not_told() -> None:
    plan = replace(PLAN, offer="")
    assert after_change(State(), State()) == ()
    assert after_change(WAITING, State(detail=Detail.DOWNLOADING, plan=plan)) == ()


def test_consent_confirms_an_action_that_waits() -> None:
    before = replace(WAITING, plan=CONFIRMED)
    messages = after_change(before, State(detail=Detail.DOWNLOADING, plan=CONFIRMED))
    assert told(messages) == [
        ("confirmationBase/10", "confirmed"),
        ("deploymentBase/10", "proceeding", "none"),
    ]
    assert told(after_change(WAITING, State(detail=Detail.DOWNLOADING, plan=PLAN))) == [
        ("deploymentBase/10", "proceeding", "none")
    ]


def test_download_that_goes_on_is_not_told_again() -> None:
    before = State(detail=Detail.DOWNLOADING, plan=PLAN)
    assert after_change(before, replace(before, retry_in=60)) == []


def test_question_after_the_download_is_told_once() -> None:
    plan = replace(PLAN, phase=Phase.RESTART)
    before = State(detail=Detail.AWAITING_CONSENT, plan=plan)
    after = replace(before, plan=replace(plan, asking=True))
    [message] = after_change(before, after)
    assert message["body"]["status"]["details"] == [
        "Version 2.0 of Lamp waits for an answer to be started."
    ]
    assert after_change(after, after) == []
    assert after_change(WAITING, replace(WAITING, plan=replace(PLAN, asking=True))) == []


@pytest.mark.parametrize("detail", [Detail.INSTALLING, Detail.AWAITING_RESTART, Detail.TRYING])
def test_further_phases_are_told(detail: Detail) -> None:
    messages = after_change(WAITING, State(detail=detail, plan=PLAN))
    assert told(messages) == [("deploymentBase/10", "proceeding", "none")]


def test_update_ends_the_action_with_success() -> None:
    assert told(ended(Code.UPDATED)) == [("deploymentBase/10", "closed", "success")]


@pytest.mark.parametrize("code", [Code.REFUSED, Code.HEALTH_FAILED, Code.NO_ROOM])
def test_failure_ends_the_action(code: Code) -> None:
    [message] = ended(code)
    assert told([message]) == [("deploymentBase/10", "closed", "failure")]
    assert message["body"]["status"]["details"] == [f"{code.value}: the reason"]


@pytest.mark.parametrize("code", [Code.DECLINED, Code.DENIED_BY_POLICY, Code.CANCELLED])
def test_refusal_of_a_person_leaves_the_action_open(code: Code) -> None:
    assert told(ended(code)) == [("deploymentBase/10", "rejected", "none")]
    assert told(ended(code, CONFIRMED)) == [
        ("confirmationBase/10", "denied"),
        ("deploymentBase/10", "rejected", "none"),
    ]


@pytest.mark.parametrize("code", [Code.SOURCE_FAILED, Code.RELEASE_CHANGED, Code.WITHDRAWN])
def test_end_that_a_later_poll_explains_is_not_told(code: Code) -> None:
    assert ended(code) == ()


def test_result_is_told_once() -> None:
    result = Result(Code.DECLINED, "alice declined the download", PLAN.release, 9)
    before = State(detail=Detail.FINISHED, plan=PLAN, result=result)
    assert after_change(before, replace(before, result=replace(result, at=99))) == ()
    assert after_change(before, replace(before, result=replace(result, text="other"))) != ()


def test_result_of_a_check_is_not_that_of_a_plan() -> None:
    result = Result(Code.NO_ROOM, "too large", "", 9)
    assert after_change(WAITING, State(result=result)) == ()
    assert after_change(WAITING, State()) == ()


def test_offer_that_runs_already_is_a_success() -> None:
    messages = after_check("confirmationBase/10", Code.UP_TO_DATE, "the release runs")
    assert told(messages) == [
        ("confirmationBase/10", "confirmed"),
        ("deploymentBase/10", "closed", "success"),
    ]


def test_offer_that_is_refused_is_a_failure() -> None:
    messages = after_check("deploymentBase/10", Code.REFUSED, "BAD_SIGNATURE")
    assert told(messages) == [("deploymentBase/10", "closed", "failure")]


def test_answers_to_a_cancellation() -> None:
    assert told([after_cancel("cancelAction/10", accepted=True)]) == [
        ("cancelAction/10", "closed", "success")
    ]
    assert told([after_cancel("cancelAction/10", accepted=False)]) == [
        ("cancelAction/10", "rejected", "none")
    ]
