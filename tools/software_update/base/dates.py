"""Dates as users write them (RFC 3339, UTC, whole seconds), and as metadata holds them."""

import re

from software_update.base.errors import UsageError, shown

# 24:00:00 is a time to Python 3.14, and none to 3.11.
_RFC3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT(?!24)\d\d:\d\d:\d\dZ", re.ASCII)


def parse_date(text: str, what: str) -> int:
    """Seconds since 1970 of e.g. `2031-01-01T00:00:00Z`. `what` names the argument in the error."""
    import datetime  # Its import takes as long as reading the metadata of a bundle.

    try:
        if not _RFC3339_UTC.fullmatch(text):
            raise ValueError
        return int(datetime.datetime.fromisoformat(text).timestamp())
    except ValueError:
        raise UsageError(
            f"{what}: '{shown(text)}' is not a date; write it as 2031-01-01T00:00:00Z (UTC)"
        ) from None


def format_date(seconds: int) -> str:
    """`2031-01-01T00:00:00Z` of seconds since 1970."""
    import datetime

    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    return when.isoformat(timespec="seconds") + "Z"
