"""Quiet hours: the client acts only in windows of the day, such as from 02:00 to 05:00."""

from collections.abc import Sequence
from dataclasses import dataclass

from software_update.client.decision import Choice, Decision, Situation
from software_update.client.question import Question
from software_update.client.windows import DAY, Window

_HOUR = 60


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Allows a phase to start in a window of the local time of day, and defers it at other times.

    When daylight saving begins or ends, local time jumps by an hour. So if a window opens in more than an
    hour, the client asks again an hour before.
    """

    windows: Sequence[Window]

    def decide(self, question: Question, situation: Situation) -> Decision:
        """Defers outside the windows. The question does not matter."""
        shown = ", ".join(map(str, self.windows))
        minute = situation.local_minute
        if any(each.contains(minute) for each in self.windows):
            return Decision(Choice.ALLOW, f"it is within the hours for updates ({shown})")
        wait = min((each.start - minute) % DAY for each in self.windows)
        wait = wait - _HOUR if wait > _HOUR else wait
        start_of_minute = situation.now - situation.now % 60
        return Decision(
            Choice.DEFER,
            f"it is outside the hours for updates ({shown})",
            until=start_of_minute + wait * 60,
        )
