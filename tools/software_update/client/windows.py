"""Windows of the local time of day, such as 22:30-06:00. Pure."""

import re
from typing import NamedTuple

DAY = 24 * 60

_TEXT = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)", re.ASCII)


class Window(NamedTuple):
    """A window from the minute `start` of the day up to but without the minute `end`.

    A window whose end is not after its start crosses midnight.
    """

    start: int
    end: int

    def contains(self, minute: int) -> bool:
        """Returns whether the window is open at a minute of the day."""
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"


def parse_window(text: str) -> Window:
    """Returns the window in a text such as 22:30-06:00. Raises ValueError if it is not valid."""
    found = _TEXT.fullmatch(text)
    if not found:
        raise ValueError("must be two times, such as 22:30-06:00")
    hours, minutes, end_hours, end_minutes = map(int, found.groups())
    window = Window(hours * 60 + minutes, end_hours * 60 + end_minutes)
    if window.start >= DAY or window.end > DAY:
        raise ValueError("must have times from 00:00 to 24:00")
    if window.start == window.end:
        raise ValueError("must have two different times; for the whole day, write 00:00-24:00")
    return window


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
