"""Reads a scenario: commands, and below each, indented, what the device did.

    # A person agrees to release 2.
    offer release_2
    check
      asks to download 1.2 of blinky, 16 bytes (from nothing known)
    answer yes
      ...

Lines that begin with a space are results, and are ignored here: playing writes them anew. Empty lines and
lines that begin with # stay as they are. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from software_update.base.errors import InputError, shown

# Commands for the publisher of a repository, which the device has only if a release is published.
PUBLISHER_COMMANDS = frozenset({"publish", "rollout", "halt", "withdraw", "refresh"})
_MAX_BANDS, _MAX_REASON_WORDS = 16, 30
# The words that a command takes after its name: at least, at most, and how they are written.
COMMANDS = {
    "answer": (1, 3, "answer yes|no|never [through PHASE], or answer later SECONDS"),
    "cancel": (0, 0, "cancel"),
    "check": (0, 1, "check, or check itself"),
    "clear": (0, 0, "clear"),
    "clock": (1, 1, "clock +SECONDS, -SECONDS or a date such as 2031-01-01T00:00:00Z"),
    "commit": (0, 0, "commit"),
    "cut": (2, 5, "cut N COMMAND"),
    "disk": (1, 1, "disk full, or disk enough"),
    "factory": (1, 1, "factory RELEASE"),
    "halt": (1, 1 + _MAX_REASON_WORDS, "halt RELEASE [REASON]"),
    "health": (1, 1, "health good, or health bad"),
    "offer": (1, 1, "offer RELEASE, or offer nothing"),
    "preset": (1, 1, "preset ask|auto-security|auto-all|never"),
    "publish": (1, 3, "publish RELEASE, or publish RELEASE for RELEASE"),
    "refresh": (1, 1, "refresh on, or refresh off"),
    "restart": (0, 0, "restart"),
    "rollout": (2, 1 + _MAX_BANDS, "rollout RELEASE PERCENT[@TIME]..."),
    "withdraw": (1, 1, "withdraw RELEASE"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not a result: its number, from 1, its text, and the words of its command, if any."""

    number: int
    text: str
    words: tuple[str, ...]


def read_script(text: str, place: str) -> Sequence[Line]:
    """Returns the lines of a scenario without results. Raises InputError for an unknown command."""
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith(" "):
            continue
        words = () if line.startswith("#") else tuple(line.split())
        if words:
            _check(words, f"{place}:{number}")
        lines.append(Line(number, line, words))
    return lines


def _check(words: Sequence[str], place: str) -> None:
    name, count = words[0], len(words) - 1
    if name not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise InputError(f"{place}: '{shown(name)}' is not a command; use one of {known}")
    least, most, usage = COMMANDS[name]
    if not least <= count <= most:
        raise InputError(f"{place}: write {usage}")
    if name == "cut":
        if not words[1].isdecimal() or int(words[1]) < 1 or words[2] == "cut":
            raise InputError(f"{place}: write {usage}, with N from 1")
        _check(words[2:], place)
