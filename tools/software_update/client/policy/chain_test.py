"""Tests of the chain of policies."""

import itertools
from typing import Any

import pytest

from software_update.client.decision import Choice, Decision, Situation
from software_update.client.policy.chain import Evaluation, Link, evaluate
from software_update.client.question import Phase, Question
from software_update.testing.questions import NOW, QUESTION, SITUATION, question

RETRY = 900


class Fixed:
    """A policy that always answers in the same way, or raises."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def decide(self, question: Question, situation: Situation) -> Decision:
        """Returns or raises its answer."""
        if isinstance(self._answer, BaseException):
            raise self._answer
        decision: Decision = self._answer
        return decision


def decide(*answers: Any) -> Evaluation:
    links = [Link(f"policy {index}", Fixed(each)) for index, each in enumerate(answers)]
    return evaluate(links, QUESTION, SITUATION, RETRY)


BROKEN = [
    OSError(5, "Input/output error"),
    ValueError(""),
    RecursionError("too deep"),
    None,
    True,
    Choice.ALLOW,
    "allow",
    Decision(0, "an integer"),  # type: ignore[arg-type]
    Decision("ALLOW", "a text"),  # type: ignore[arg-type]
    Decision(Choice.ALLOW, ""),
    Decision(Choice.ALLOW, None),  # type: ignore[arg-type]
    Decision(Choice.ALLOW, "a fraction", 1.5),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("answer", BROKEN, ids=repr)
def test_policy_that_fails_defers(answer: Any) -> None:
    decided = decide(answer, Decision(Choice.ALLOW, "fine"))
    assert decided.combined == decided.decisions[0][1]
    assert decided.combined.choice is Choice.DEFER
    assert decided.combined.until == NOW + RETRY
    assert decided.combined.reason.startswith("the policy gives no decision: ")
    assert decided.after_yes.choice is Choice.DEFER


def test_reason_of_a_failure_is_safe_for_a_terminal() -> None:
    reason = decide(ValueError("\x1b[2J" + "x" * 1000)).combined.reason
    assert "\\x1b[2J" in reason
    assert len(reason) == 300


def test_interrupted_client_ends() -> None:
    with pytest.raises(KeyboardInterrupt):
        decide(KeyboardInterrupt())


@pytest.mark.parametrize(
    "until, expected",
    [(None, NOW + RETRY), (NOW - 5, NOW + RETRY), (NOW, NOW + RETRY), (NOW + 5, NOW + 5)],
)
def test_deferral_ends_in_the_future(until: int | None, expected: int) -> None:
    assert decide(Decision(Choice.DEFER, "later", until)).combined.until == expected


def test_every_decision_is_returned_by_name() -> None:
    answers = [Decision(each, each.name) for each in (Choice.DENY, Choice.ASK, Choice.ALLOW)]
    answers.append(Decision(Choice.DEFER, "later", NOW + 5))
    assert decide(*answers).decisions == tuple(
        (f"policy {index}", each) for index, each in enumerate(answers)
    )


@pytest.mark.parametrize("choices", [*itertools.product(Choice, repeat=2)])
def test_yes_of_a_person_answers_only_policies_that_ask(choices: tuple[Choice, ...]) -> None:
    decided = decide(*(Decision(each, each.name) for each in choices))
    expected = next(
        each for each in (Choice.DENY, Choice.DEFER, Choice.ALLOW) if each in (*choices, 0)
    )
    assert decided.after_yes.choice is expected


def test_person_is_asked_without_policies() -> None:
    assert decide().combined.choice is Choice.ASK
    assert decide().after_yes.choice is Choice.ALLOW


@pytest.mark.parametrize("phase", Phase)
def test_policy_decides_only_about_its_phases(phase: Phase) -> None:
    phases = frozenset({Phase.DOWNLOAD, Phase.RESTART})
    link = Link("quiet hours", Fixed(Decision(Choice.DENY, "no")), phases)
    decided = evaluate([link], question(phase=phase), SITUATION, RETRY)
    assert bool(decided.decisions) == (phase in phases)
