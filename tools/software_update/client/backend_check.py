"""Checks of a backend against the rules of its Protocol: the result of each rule."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule, and how the backend breaks it; `problem` is None if it keeps it."""

    rule: str
    problem: str | None


class BrokenRule(Exception):
    """The backend has broken the rule that is being checked. The text says how."""


Rule = tuple[str, Callable[[], None]]
"""A rule as a sentence, and a function that raises BrokenRule or the backend's own error."""


def findings(rules: Iterable[Rule]) -> list[Finding]:
    """Checks each rule, also after others have failed."""
    return [Finding(sentence, _problem(check)) for sentence, check in rules]


def require(holds: bool, problem: str) -> None:
    """Raises BrokenRule unless it holds."""
    if not holds:
        raise BrokenRule(problem)


def _problem(check: Callable[[], None]) -> str | None:
    try:
        check()
    except (BrokenRule, OSError) as error:
        return str(error) or type(error).__name__
    except Exception as error:  # A backend of the product may raise anything.
        return f"raises {type(error).__name__} ({error}), which is not an OSError"
    return None
