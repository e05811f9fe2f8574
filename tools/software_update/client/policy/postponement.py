"""Postponement: how often and how long a person may put off an answer."""

from dataclasses import dataclass

from software_update.base.dates import format_date
from software_update.client.decision import Choice, Decision, Situation
from software_update.client.question import Phase, Question

_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Postponement:
    """Lets a person put off a release `times` times, and until `days` days after the first question.

    Afterwards, the preset decides about the download and the installation. A restart that a person has put
    off never happens without an answer: a person is asked, whatever the preset says.
    """

    times: int
    days: int

    def latest(self, situation: Situation) -> int:
        """Returns the latest time to which a person may put the release off, in seconds since 1970."""
        return situation.first_asked + self.days * _DAY

    def problem(self, situation: Situation) -> str | None:
        """Returns why a person may not put the release off any more; None if a person may."""
        if situation.postponements >= self.times:
            return (
                f"it has been put off {situation.postponements} times, and may not be put off again"
            )
        latest = self.latest(situation)
        if situation.now >= latest:
            return f"it could be put off until {format_date(latest)}, and not any more"
        return None

    def decide(self, question: Question, situation: Situation) -> Decision:
        """Allows until the cap. Says plainly if the cap is reached."""
        problem = self.problem(situation)
        if problem is None:
            left = self.times - situation.postponements
            latest = format_date(self.latest(situation))
            return Decision(
                Choice.ALLOW, f"it may be put off {left} more times, until {latest} at the latest"
            )
        if question.phase is Phase.RESTART and situation.postponements:
            return Decision(Choice.ASK, f"{problem}; answer yes or no")
        return Decision(Choice.ALLOW, problem)
