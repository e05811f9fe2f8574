"""Tests of the minimum interval."""

import pytest

from software_update.client.decision import Choice
from software_update.client.policy.minimum_interval import MinimumInterval
from software_update.testing.questions import NOW, QUESTION, situation


@pytest.mark.parametrize(
    "last, choice, until",
    [
        (None, Choice.ALLOW, None),
        (NOW, Choice.DEFER, NOW + 100),
        (NOW - 99, Choice.DEFER, NOW + 1),
        (NOW - 100, Choice.ALLOW, None),
        (NOW + 1, Choice.ALLOW, None),
    ],
)
def test_time_since_the_last_installation(
    last: int | None, choice: Choice, until: int | None
) -> None:
    decided = MinimumInterval(100).decide(QUESTION, situation(last_install=last))
    assert (decided.choice, decided.until) == (choice, until)


def test_reason_names_the_last_installation() -> None:
    decided = MinimumInterval(100).decide(QUESTION, situation(last_install=NOW))
    assert decided.reason == "the last installation was at 2031-01-01T00:00:00Z"
