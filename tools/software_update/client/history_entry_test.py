"""Tests of the lines of the history."""

from dataclasses import replace

import pytest

from software_update.client import events
from software_update.client.decision import Choice
from software_update.client.history_entry import history_entry
from software_update.client.question import Phase
from software_update.client.repository import Versions
from software_update.client.state import Code, State
from software_update.client.step import step
from software_update.testing.stories import (
    AGREED,
    OFFERED,
    RELEASE,
    ROOT,
    answered,
    boot,
    decided,
    play,
)


def entry(state: State, event: events.Event) -> dict[str, object] | None:
    return history_entry(state, event, step(state, event)[0])


def test_answer_names_who_gave_it_and_what_it_is_bound_to() -> None:
    said = entry(play(OFFERED, decided(Choice.ASK)), answered(Phase.DOWNLOAD))
    assert said is not None
    assert said["answer"] == {
        "release": RELEASE,
        "root": ROOT,
        "phase": "download",
        "reply": "yes",
        "who": "alice",
        "at": 20,
    }


def test_decision_of_policy_has_its_reason() -> None:
    said = entry(play(OFFERED), decided(Choice.DEFER, 100))
    assert said is not None
    assert (said["choice"], said["reason"], said["until"]) == ("defer", "a reason", 100)


def test_failure_has_its_code_and_text() -> None:
    failed = events.Failed(30, Code.REFUSED, "x" * 1000)
    said = entry(play(OFFERED, *AGREED), failed)
    assert said is not None
    assert (said["event"], said["result"], said["text"]) == ("Failed", "REFUSED", "x" * 400)


def test_restart_of_only_the_client_adds_no_line() -> None:
    asking = play(OFFERED, decided(Choice.ASK))
    assert entry(asking, boot()) is None
    assert entry(asking, events.CheckBegan(1, "main")) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "does not apply to a release that is not from a repository"),
        (
            {"path": "/media/usb/lamp.bundle"},
            "does not apply to a release that is not from a repository",
        ),
        ({"entry": "lamp/stable/2.0.bundle"}, "has reached this device"),
        ({"entry": "lamp/stable/2.0.bundle", "by_person": True}, "a person need not wait for it"),
    ],
)
def test_offer_says_why_the_rollout_allows_it(changes: dict[str, object], expected: str) -> None:
    plan = replace(OFFERED.plan, **changes)  # type: ignore[arg-type]
    said = entry(play(), replace(OFFERED, plan=plan))
    assert said is not None
    assert (said["rollout"], said.get("entry")) == (expected, changes.get("entry"))


def test_reading_a_repository_adds_no_line_and_its_rejection_one() -> None:
    assert entry(play(), events.RepositoryRead(5, "main", Versions(1, 1, 1, fresh_until=9))) is None
    rejected = events.SourceFailed(5, "expired", 60, Code.REPOSITORY_EXPIRED)
    said = entry(play(), rejected)
    assert said is not None
    assert said["result"] == "REPOSITORY_EXPIRED"
    again = step(play(), rejected)[0]
    assert entry(again, events.SourceFailed(9, "expired", 70, Code.REPOSITORY_EXPIRED)) is None


def test_start_from_another_slot_adds_a_line() -> None:
    said = entry(play(), boot("B"))
    assert said is not None
    assert said["booted"] == {"main": "B"}
