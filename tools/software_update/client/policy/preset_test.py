"""Tests of presets."""

import pytest

from software_update.client.decision import Choice
from software_update.client.policy.preset import Preset, StandingAnswer, may_look
from software_update.client.question import Phase
from software_update.testing.questions import SITUATION, question

KINDS = ("security", "feature", "both", None)


def test_only_never_forbids_checks() -> None:
    assert [each for each in Preset if not may_look(each)] == [Preset.NEVER]


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize(
    "preset, choices",
    [
        (Preset.ASK, [Choice.ASK] * 4),
        (Preset.AUTO_SECURITY, [Choice.ALLOW, Choice.ASK, Choice.ASK, Choice.ASK]),
        (Preset.AUTO_ALL, [Choice.ALLOW] * 4),
        (Preset.NEVER, [Choice.DENY] * 4),
    ],
)
def test_choice_for_each_kind(preset: Preset, choices: list[Choice], phase: Phase) -> None:
    policy = StandingAnswer(preset)
    decided = [policy.decide(question(kind=kind, phase=phase), SITUATION) for kind in KINDS]
    assert [each.choice for each in decided] == choices
    assert all(f"(preset {preset.value})" in each.reason for each in decided)
