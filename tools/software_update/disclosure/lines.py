"""The limits of a content that is described as lines."""

from collections.abc import Iterator

MAX_LINES = 50_000
MAX_CHARACTERS = 4 * 1024 * 1024


class Unreadable(Exception):
    """A content that is not well-formed. The text says why, as half a sentence."""


class TooLong(Exception):
    """A content that needs too many lines."""

    def __init__(self) -> None:
        super().__init__("is too long to compare")


def bounded(lines: Iterator[str]) -> list[str]:
    """Returns the lines. Raises TooLong for more than 50,000 lines or 4 Mi characters."""
    found: list[str] = []
    characters = 0
    for line in lines:
        characters += len(line)
        if len(found) == MAX_LINES or characters > MAX_CHARACTERS:
            raise TooLong
        found.append(line)
    return found
