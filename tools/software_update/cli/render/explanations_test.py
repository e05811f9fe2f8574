"""Tests of explanations.py."""

import re

import pytest

from software_update.cli.dispatch import COMMANDS
from software_update.cli.render.explanations import EXPLANATIONS, REFUSALS, Explanation
from software_update.format.refusals import Refusal
from software_update.format.verdicts import Verdict


def test_each_verdict_is_explained_in_the_order_of_the_checks() -> None:
    assert list(EXPLANATIONS) == list(Verdict)


def test_each_refusal_is_explained_in_the_order_of_the_checks() -> None:
    assert list(REFUSALS) == list(Refusal)


@pytest.mark.parametrize(("verdict", "explanation"), [*EXPLANATIONS.items(), *REFUSALS.items()])
def test_explanation_has_sentences_and_a_cure(
    verdict: Verdict | Refusal, explanation: Explanation
) -> None:
    assert explanation.meaning.endswith(".")
    assert explanation.cure.endswith(".") == (verdict != Verdict.ACCEPT)


def test_named_commands_exist() -> None:
    groups = {group for group, _ in COMMANDS}
    all_ = [*EXPLANATIONS.values(), *REFUSALS.values()]
    text = " ".join(f"{each.meaning} {each.cure}" for each in all_)
    named = [code.split() for code in re.findall("`([^`]*)`", text) if " " in code]
    commands = {(words[0], words[1]) for words in named if words[0] in groups}
    assert len(commands) > 5
    assert commands <= COMMANDS.keys()
