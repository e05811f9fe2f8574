"""Reads headers of HTTP responses, which may contain anything (RFC 9110). Pure."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

MAX_RETRY_AFTER = 24 * 3600.0

_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", re.IGNORECASE)
_SECONDS = re.compile(r"[0-9]{1,18}")
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e]{0,200}"')


class Part(NamedTuple):
    """A part of a file: offsets of its first and last byte, and the size of the whole."""

    first: int
    last: int
    size: int


def content_range(headers: Mapping[str, str]) -> Part | None:
    """Returns the part that Content-Range states; None if it states none."""
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    return Part(int(found[1]), int(found[2]), int(found[3])) if found else None


def strong_etag(headers: Mapping[str, str]) -> str:
    """Returns the ETag if it is strong, so that equal ones mean equal bytes; otherwise an empty text."""
    value = headers.get("etag", "").strip()
    return value if _STRONG_ETAG.fullmatch(value) else ""


def coding(headers: Mapping[str, str]) -> str:
    """Returns Content-Encoding, empty for bytes as they are on the server."""
    value = headers.get("content-encoding", "").strip().lower()
    return "" if value == "identity" else value


def retry_after(headers: Mapping[str, str], now: int) -> float | None:
    """Returns the seconds to wait from Retry-After, from 0 to 24 hours; None without a valid one.

    A date is compared with the server's own Date if there is one, because the clock of a device may be
    wrong: `now` is only its guess, in seconds since 1970.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return min(float(value), MAX_RETRY_AFTER)
    date = _date(value)
    if date is None:
        return None
    server_now = _date(headers.get("date", ""))
    return min(max(date - (now if server_now is None else server_now), 0.0), MAX_RETRY_AFTER)


def _date(value: str) -> float | None:
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
