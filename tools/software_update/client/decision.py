"""The interface of a policy, and how the answers of several are combined."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from software_update.client.question import Question


class Choice(enum.IntEnum):
    """The answer of a policy. Of several answers, the highest counts."""

    ALLOW = 0
    DEFER = 1
    ASK = 2
    DENY = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer with its reason, a sentence for a person.

    `until` belongs to DEFER: the time, in seconds since 1970, at which the client asks the policy again.
    """

    choice: Choice
    reason: str
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts that a policy may use besides the question. Times are in seconds since 1970.

    `local_minute` is the local time of day in minutes. `last_install` is the time of the last commit, None
    if there was none. `first_asked` is the time of the first question about this release, and
    `postponements` counts how often a person has put it off.
    """

    now: int
    local_minute: int
    first_asked: int
    last_install: int | None = None
    postponements: int = 0


class Policy(Protocol):
    """One rule of the consumer or the product, such as quiet hours.

    A policy that raises counts as DEFER, never as ALLOW.
    """

    def decide(self, question: Question, situation: Situation) -> Decision:
        """Answers a question. It changes nothing: the client may ask again at any time."""


def combine(decisions: Iterable[Decision]) -> Decision:
    """Returns the decision that counts: deny before ask before defer before allow.

    Of several that defer, the last time counts. Without any decision, a person is asked.
    """
    ranked = sorted(decisions, key=lambda each: (each.choice, each.until or 0))
    if not ranked:
        return Decision(Choice.ASK, "no policy is set")
    return ranked[-1]
