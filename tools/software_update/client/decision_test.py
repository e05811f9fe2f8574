"""Tests of how decisions of several policies are combined."""

import itertools

import pytest

from software_update.client.decision import Choice, Decision, combine

ORDER = (Choice.DENY, Choice.ASK, Choice.DEFER, Choice.ALLOW)


@pytest.mark.parametrize("choices", list(itertools.product(ORDER, repeat=3)))
def test_strictest_choice_counts_in_every_order(choices: tuple[Choice, ...]) -> None:
    decided = combine(Decision(choice, choice.name) for choice in choices)
    strictest = next(each for each in ORDER if each in choices)
    assert decided == Decision(strictest, strictest.name)


def test_latest_of_several_times_counts() -> None:
    decided = combine(
        [
            Decision(Choice.DEFER, "late", until=20),
            Decision(Choice.DEFER, "early", until=10),
            Decision(Choice.ALLOW, "now"),
        ]
    )
    assert decided == Decision(Choice.DEFER, "late", until=20)


def test_device_without_policies_asks() -> None:
    assert combine([]).choice == Choice.ASK
