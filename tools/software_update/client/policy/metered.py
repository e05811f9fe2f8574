"""Metered networks: a large download over one needs a person, or waits for another network."""

from collections.abc import Sequence
from dataclasses import dataclass

from software_update.base.errors import shown
from software_update.client.decision import Choice, Decision, Situation
from software_update.client.policy.machine_files import one_line, read_line
from software_update.client.question import Question
from software_update.client.system import System

# NetworkManager writes "yes (guessed)".
_ANSWERS = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Metered:
    """Allows a download of at most `most_bytes` over any network, and a larger one if it is not metered.

    `file` contains the machine's answer, or `program` prints it: a line that begins with yes, no, true,
    false, 1 or 0. Exactly one of both is set. `choice` is the decision on a metered network.
    """

    system: System
    most_bytes: int
    choice: Choice = Choice.ASK
    file: str | None = None
    program: Sequence[str] = ()
    timeout: float = 10.0

    def decide(self, question: Question, situation: Situation) -> Decision:
        """Compares the size of the download. Raises OSError or ValueError if the machine gives no answer."""
        size = question.download_bytes
        if size <= self.most_bytes:
            return Decision(
                Choice.ALLOW, f"a download of {size} bytes is allowed over every network"
            )
        if not self._is_metered():
            return Decision(Choice.ALLOW, "the network is not metered")
        return Decision(
            self.choice,
            f"the network is metered, and the download has {size} bytes, more than {self.most_bytes}",
        )

    def _is_metered(self) -> bool:
        place = self.file or self.program[0]
        line = read_line(self.system.storage, self.file) if self.file else self._printed()
        answer = _ANSWERS.get(line.split()[0].lower())
        if answer is None:
            raise ValueError(f"{place}: '{shown(line)}' is neither yes nor no")
        return answer

    def _printed(self) -> str:
        result = self.system.programs.run(self.program, timeout=self.timeout)
        if result.exit_code:
            raise ValueError(f"{self.program[0]}: ended with status {result.exit_code}")
        return one_line(self.program[0], result.stdout)
