"""Tests of dates.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from software_update.base.dates import format_date, parse_date
from software_update.base.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2031-01-01T00:00:00Z", 1924992000),
        ("1969-12-31T23:59:59Z", -1),
        ("0001-01-01T00:00:00Z", -62135596800),
        ("9999-12-31T23:59:59Z", 253402300799),
        ("2024-02-29T12:34:56Z", 1709210096),
    ],
)
def test_dates(text: str, seconds: int) -> None:
    assert parse_date(text, "--at") == seconds
    assert format_date(seconds) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2031-01-01",
        "2031-01-01T00:00:00",
        "2031-01-01T00:00:00z",
        "2031-01-01 00:00:00Z",
        "2031-01-01T00:00:00+00:00",
        "2031-01-01T00:00:00.5Z",
        "2031-01-01T00:00:00Z\n",
        "2031-13-01T00:00:00Z",
        "2031-02-29T00:00:00Z",
        "2031-01-01T24:00:00Z",
        "2031-01-01T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "\u0662\u0660\u0663\u0661-01-01T00:00:00Z",
        "20310101T000000Z",
        "1924992000",
    ],
)
def test_bad_dates(text: str) -> None:
    with pytest.raises(
        UsageError, match=r"--expires: .* is not a date; write it as 2031-01-01T00:00:00Z"
    ):
        parse_date(text, "--expires")


@given(st.integers(-62135596800, 253402300799))
def test_round_trip(seconds: int) -> None:
    assert parse_date(format_date(seconds), "--at") == seconds
