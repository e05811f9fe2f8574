"""Tests of windows of the day."""

import pytest

from software_update.client.windows import DAY, Window, parse_window


def test_window_within_a_day() -> None:
    window = parse_window("02:00-05:30")
    assert window == Window(120, 330)
    assert [window.contains(each) for each in (119, 120, 329, 330)] == [False, True, True, False]


def test_window_across_midnight() -> None:
    window = parse_window("22:30-06:00")
    expected = {1349: False, 1350: True, DAY - 1: True, 0: True, 359: True, 360: False}
    assert {minute: window.contains(minute) for minute in expected} == expected


def test_whole_day() -> None:
    assert all(parse_window("00:00-24:00").contains(each) for each in range(DAY))


@pytest.mark.parametrize("text", ["02:00-05:30", "22:30-06:00", "00:00-24:00"])
def test_text_of_a_window_is_the_text_that_it_was_read_from(text: str) -> None:
    assert str(parse_window(text)) == text


@pytest.mark.parametrize(
    "text, problem",
    [
        ("", "two times"),
        ("2:00-05:00", "two times"),
        ("02:00 - 05:00", "two times"),
        ("02:60-05:00", "two times"),
        ("٠٢:00-05:00", "two times"),
        ("24:00-05:00", "from 00:00 to 24:00"),
        ("02:00-24:01", "from 00:00 to 24:00"),
        ("02:00-02:00", "two different times"),
    ],
)
def test_bad_windows(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_window(text)
