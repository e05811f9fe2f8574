"""Tests of the status as JSON."""

from dataclasses import replace

import pytest

from software_update.client.decision import Choice, Decision
from software_update.client.question import Phase
from software_update.client.repository import Versions
from software_update.client.state import (
    Code,
    Detail,
    DomainState,
    Installed,
    Plan,
    Result,
    State,
    external,
)
from software_update.client.status import Facts, actions, sentence, status_document

PLAN = Plan("main", "d" * 64, "e" * 64, "f" * 64, "lamp", "1.5", 5, 9, 1000, "B", 0)


def installed(version: str, counter: int) -> Installed:
    return Installed("f" * 64, "d" * 64, version, counter, counter)


def test_sentence_changes_no_letter_of_a_place() -> None:
    for text in ("updates.example/timestamp.json: is missing", "/etc/root: is missing"):
        state = State(detail=Detail.FINISHED, result=Result(Code.SOURCE_FAILED, text, "", 1))
        assert sentence(state) == f"{text}."
    state = State(detail=Detail.FINISHED, result=Result(Code.DECLINED, "alice declined it", "", 1))
    assert sentence(state) == "Alice declined it."


def test_new_client_is_idle() -> None:
    status = status_document(State(), Facts(("main",)))
    assert (status["state"], status["number"], status["detail"]) == ("INACTIVE", 1, "Idle")
    assert (status["plan"], status["question"], status["result"]) == (None, None, None)
    assert status["domains"]["main"] == {
        "preset": "ask",
        "running": None,
        "root_version": None,
        "root_fingerprint": None,
        "root_refused": None,
        "image_root": None,
        "damaged_slot": None,
        "floor": None,
        "below_floor": False,
        "repository": None,
        "slots": {},
        "powers": None,
        "areas": None,
    }


def test_plan_and_times() -> None:
    plan = replace(PLAN, phase=Phase.RESTART)
    state = State(detail=Detail.AWAITING_CONSENT, plan=plan)
    status = status_document(state, Facts(("main",), next_check=0, problem="full"))
    assert (status["state"], status["plan"]["phase"]) == ("APPLYING", "restart")
    assert (status["next_check"], status["problem"]) == ("1970-01-01T00:00:00Z", "full")


def test_repository_and_the_way_over_stepping_stones() -> None:
    plan = replace(PLAN, entry="lamp/stable/1.5.bundle", by_person=True, steps=("1.6", "2.0"))
    domain = DomainState(repository=Versions(1, 7, 5, fresh_until=60))
    state = State(detail=Detail.AWAITING_CONSENT, plan=plan).with_domain("main", domain)
    status = status_document(state, Facts(("main",)))
    assert status["plan"]["entry"] == "lamp/stable/1.5.bundle"
    assert status["plan"]["by_person"]
    assert status["plan"]["later_versions"] == ["1.6", "2.0"]
    assert status["domains"]["main"]["repository"] == {
        "root_version": 1,
        "timestamp_version": 7,
        "snapshot_version": 5,
        "fresh_until": "1970-01-01T00:01:00Z",
    }


def test_decisions_with_their_policies() -> None:
    decisions = (("power", Decision(Choice.DEFER, "the battery is empty", 0)),)
    assert status_document(State(), Facts((), decisions=decisions))["decisions"] == [
        {
            "policy": "power",
            "choice": "defer",
            "reason": "the battery is empty",
            "until": "1970-01-01T00:00:00Z",
        }
    ]


def test_device_below_its_floor_says_so() -> None:
    domain = DomainState(running="A", slots={"A": installed("1.4", 4)}, floor=installed("1.5", 5))
    state = State().with_domain("main", domain)
    assert status_document(state, Facts(("main",)))["domains"]["main"]["below_floor"]


@pytest.mark.parametrize("detail", list(Detail))
def test_each_state_has_a_sentence_and_a_command_that_clears_it(detail: Detail) -> None:
    plan = None if detail == Detail.IDLE else PLAN
    state = State(detail=detail, plan=plan, result=Result(Code.DECLINED, "alice declined it"))
    text = sentence(state)
    assert text[0].isupper()
    assert text.endswith(".")
    assert external(state)
    # Committing ends without a person: the client repeats it until the boot loader has confirmed.
    assert actions(state) or detail == Detail.COMMITTING


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"asking": True}, "Version 1.5 of lamp waits for an answer to be installed."),
        (
            {"not_before": 60},
            "Version 1.5 of lamp waits until 1970-01-01T00:01:00Z to be installed.",
        ),
        ({}, "Version 1.5 of lamp waits for the policy to be installed."),
    ],
)
def test_waiting_says_for_what(changes: dict[str, object], text: str) -> None:
    plan = replace(PLAN, phase=Phase.INSTALL, **changes)  # type: ignore[arg-type]
    assert sentence(State(detail=Detail.AWAITING_CONSENT, plan=plan)) == text


def test_failed_work_says_why_it_waits() -> None:
    result = Result(Code.SOURCE_FAILED, "update.example: no answer")
    state = State(detail=Detail.DOWNLOADING, plan=PLAN, retry_in=60, result=result)
    assert sentence(state) == (
        "The client fetches version 1.5 of lamp. It is tried again later, because it failed "
        "(update.example: no answer)."
    )


def test_declined_release_can_be_approved_and_is_not_asked_about() -> None:
    state = State(detail=Detail.FINISHED, plan=replace(PLAN, asking=True))
    assert not status_document(state, Facts(("main",)))["asking"]
    assert actions(state)[0].value == "approve"
    assert actions(State(detail=Detail.FINISHED))[0].value == "check"
