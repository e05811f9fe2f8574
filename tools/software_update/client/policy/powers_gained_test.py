"""Tests of the policy about powers gained."""

import pytest

from software_update.client.decision import Choice, combine
from software_update.client.policy.powers_gained import PowersGained
from software_update.client.policy.preset import Preset, StandingAnswer
from software_update.client.question import Question
from software_update.format.claims import Power
from software_update.testing.questions import QUESTION, SITUATION, question

GAINED = question(powers_gained=(Power("radio firmware", "network"), Power("ui", "warp")))
UNCLAIMED = question(unclaimed=("app", "b", "c"))


@pytest.mark.parametrize(
    "asked, reason",
    [
        (GAINED, "the release claims more powers: radio firmware: network, ui: warp"),
        (UNCLAIMED, "the release changes targets without a claim: app, b and 1 more"),
    ],
)
def test_more_powers_need_a_person_whatever_the_preset_allows(asked: Question, reason: str) -> None:
    preset = StandingAnswer(Preset.AUTO_ALL).decide(asked, SITUATION)
    decided = PowersGained().decide(asked, SITUATION)
    assert (decided.choice, decided.reason) == (Choice.ASK, reason)
    assert combine([preset, decided]).choice is Choice.ASK
    assert PowersGained(Choice.DENY).decide(asked, SITUATION).choice is Choice.DENY


def test_the_same_powers_are_allowed() -> None:
    decided = PowersGained(Choice.DENY).decide(QUESTION, SITUATION)
    assert decided.choice is Choice.ALLOW
    assert decided.reason == "the release claims no more powers than the installed one"


def test_names_of_a_release_do_not_disturb_the_reason() -> None:
    evil = tuple(Power("\x1b[2J\n" * 8 + "x" * 20, "network") for _ in range(40))
    reason = PowersGained().decide(question(powers_gained=evil), SITUATION).reason
    assert reason.isprintable() and reason.isascii() and len(reason) <= 300
