"""Minimum interval: the time between two installations."""

from dataclasses import dataclass

from software_update.base.dates import format_date
from software_update.client.decision import Choice, Decision, Situation
from software_update.client.question import Question


@dataclass(frozen=True, slots=True)
class MinimumInterval:
    """Defers until `seconds` have passed since the last commit.

    If the clock is before the last commit, it has been changed, and the client does not wait: otherwise a
    date far in the future, once, would stop all updates.
    """

    seconds: int

    def decide(self, question: Question, situation: Situation) -> Decision:
        """Compares the time of the last commit. The question does not matter."""
        last = situation.last_install
        if last is None:
            return Decision(Choice.ALLOW, "no release has been installed yet")
        if situation.now < last:
            return Decision(Choice.ALLOW, "the clock is before the last installation")
        until = last + self.seconds
        if situation.now < until:
            return Decision(
                Choice.DEFER, f"the last installation was at {format_date(last)}", until=until
            )
        return Decision(Choice.ALLOW, "the last installation is long enough ago")
