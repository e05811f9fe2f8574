"""Tests of headers.py."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from software_update.client.sources.headers import (
    coding,
    content_range,
    retry_after,
    strong_etag,
)

DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
DATE_SECONDS = 1_800_000_000


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("bytes 0-3/10", (0, 3, 10)),
        (" Bytes 5-9/10 ", (5, 9, 10)),
        ("bytes 0-3/*", None),
        ("bytes */10", None),
        ("bytes=0-3/10", None),
        ("items 0-3/10", None),
        ("bytes -3/10", None),
        ("bytes 0-3/1" + "0" * 18, None),
        ("bytes 0-\N{ARABIC-INDIC DIGIT THREE}/10", None),
        ("bytes 0-3/10, bytes 4-5/10", None),
        ("", None),
    ],
)
def test_content_range(value: str, found: tuple[int, int, int] | None) -> None:
    assert content_range({"content-range": value}) == found


def test_headers_may_be_missing() -> None:
    assert (content_range({}), strong_etag({}), coding({}), retry_after({}, 0)) == (
        None,
        "",
        "",
        None,
    )


@pytest.mark.parametrize(
    ("value", "strong"),
    [
        ('"abc"', '"abc"'),
        ('""', '""'),
        ('W/"abc"', ""),
        ("abc", ""),
        ('"a"b"', ""),
        ('"a\r\nX: y"', ""),
    ],
)
def test_only_a_strong_etag_counts(value: str, strong: str) -> None:
    assert strong_etag({"etag": value}) == strong


@pytest.mark.parametrize(
    ("value", "found"), [("gzip", "gzip"), ("Identity", ""), (" ", ""), ("BR, gzip", "br, gzip")]
)
def test_coding(value: str, found: str) -> None:
    assert coding({"content-encoding": value}) == found


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("999999999", 86_400),
        ("9" * 5000, None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        (DATE, 100),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0),
        ("Fri, 15 Jan 2038 07:00:00 GMT", 86_400),
        ("Fri, 99 Jan 2038 07:00:00 GMT", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, DATE_SECONDS - 100) == seconds


def test_date_is_compared_with_the_clock_of_the_server() -> None:
    """The device may believe that it is 1970."""
    headers = {"retry-after": DATE, "date": "Fri, 15 Jan 2027 07:59:00 GMT"}
    assert retry_after(headers, 0) == 60
    assert retry_after({**headers, "date": "nonsense"}, DATE_SECONDS - 5) == 5


@given(st.text())
@example("Mon, 01 Jan 0000 00:00:00 GMT")
@example("Mon, 31 Dec 9999 23:59:59 -2359")
def test_no_value_is_an_error(value: str) -> None:
    found = retry_after({"retry-after": value, "date": value}, 0)
    assert found is None or 0 <= found <= 86_400
    content_range({"content-range": value})
    strong_etag({"etag": value})
