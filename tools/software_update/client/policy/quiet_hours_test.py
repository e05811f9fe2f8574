"""Tests of quiet hours."""

import pytest

from software_update.client.decision import Choice
from software_update.client.policy.quiet_hours import QuietHours
from software_update.client.windows import DAY, parse_window
from software_update.testing.questions import NOW, QUESTION, situation

NIGHT = QuietHours([parse_window("22:30-06:00")])


@pytest.mark.parametrize("local", ["22:30", "23:59", "00:00", "05:59"])
def test_window_allows(local: str) -> None:
    decided = NIGHT.decide(QUESTION, situation(local_minute=minute(local)))
    assert decided.choice is Choice.ALLOW


@pytest.mark.parametrize(
    "local, wait",
    [("22:29", 1), ("21:30", 60), ("21:29", 1), ("20:30", 60), ("06:00", 930)],
)
def test_deferral_ends_when_the_window_opens_or_an_hour_before(local: str, wait: int) -> None:
    decided = NIGHT.decide(QUESTION, situation(local_minute=minute(local), now=NOW + 42))
    assert (decided.choice, decided.until) == (Choice.DEFER, NOW + wait * 60)
    assert decided.reason == "it is outside the hours for updates (22:30-06:00)"


def test_nearest_of_several_windows_counts() -> None:
    policy = QuietHours([parse_window("03:00-04:00"), parse_window("12:30-13:00")])
    decided = policy.decide(QUESTION, situation(local_minute=12 * 60))
    assert decided.until == NOW + 30 * 60


@pytest.mark.parametrize("later", [-60, 0, 60])
@pytest.mark.parametrize("window", ["03:00-03:30", "04:00-04:30"])
def test_no_opening_is_missed_when_daylight_saving_begins_or_ends(window: str, later: int) -> None:
    """A client that asks again at `until` starts at the opening, though local time jumps at 02:00."""
    policy = QuietHours([parse_window(window)])
    jump = NOW + minute("02:00") * 60
    now = NOW - minute("02:53") * 60
    for _ in range(6):
        local = (now - NOW) // 60 + (later if now >= jump else 0)
        decided = policy.decide(QUESTION, situation(now=now, local_minute=local % DAY))
        if decided.choice is Choice.ALLOW:
            break
        assert decided.until is not None
        now = decided.until
    assert local == policy.windows[0].start


def minute(local: str) -> int:
    hours, minutes = local.split(":")
    return int(hours) * 60 + int(minutes)
