"""Tests of questions and decisions as JSON."""

import dataclasses
from typing import Any

import pytest

from software_update.client.decision import Choice, Decision, Situation
from software_update.client.documents import (
    decision_document,
    decision_fields,
    question_document,
    read_decision,
    situation_document,
)
from software_update.client.question import Question
from software_update.testing.questions import NOW, QUESTION, SITUATION, question, situation


def test_question_has_every_field() -> None:
    document = question_document(question(signers=("a", "b"), reversible=False))
    assert document.pop("schema") == "software_update.question.v1"
    assert [*document] == [each.name for each in dataclasses.fields(Question)]
    assert document["phase"] == "download"
    assert document["signers"] == ["a", "b"]
    assert document["reversible"] is False
    assert question_document(QUESTION)["reversible"] is None


def test_situation_has_every_field() -> None:
    document = situation_document(situation(last_install=NOW))
    assert [*document] == [
        *("now", "local_minute", "first_asked", "last_install", "postponements"),
    ]
    assert {*document} == {each.name for each in dataclasses.fields(Situation)}
    assert document["now"] == document["last_install"] == "2031-01-01T00:00:00Z"
    assert situation_document(SITUATION)["last_install"] is None


@pytest.mark.parametrize(
    "decision",
    [Decision(each, "x") for each in Choice] + [Decision(Choice.DEFER, "x" * 300, NOW)],
)
def test_decision_and_its_json(decision: Decision) -> None:
    assert read_decision(decision_document(decision)) == decision


@pytest.mark.parametrize(
    "change, problem",
    [
        ({"choice": None}, "needs a choice"),
        ({"choice": 0}, "needs a choice"),
        ({"choice": "ALLOW"}, "needs a choice"),
        ({"choice": ["allow"]}, "needs a choice"),
        ({"reason": None}, "needs a reason"),
        ({"reason": ""}, "needs a reason"),
        ({"reason": "x" * 301}, "needs a reason"),
        ({"choice": "allow"}, "has a time until, which belongs to the choice defer"),
        ({"until": NOW}, "needs a date until"),
        ({"until": "tomorrow"}, "has a bad date: until: 'tomorrow' is not a date"),
    ],
)
def test_bad_decisions(change: dict[str, Any], problem: str) -> None:
    fields = decision_fields(Decision(Choice.DEFER, "a reason", NOW))
    with pytest.raises(ValueError, match=f"^{problem}"):
        read_decision({**fields, **change})
