"""The preset: the standing answer that the consumer has chosen for all questions."""

import enum
from dataclasses import dataclass

from software_update.client.decision import Choice, Decision, Situation
from software_update.client.question import Question

SECURITY = "security"


class Preset(enum.Enum):
    """A standing answer. Provisioning writes the first one, and the consumer changes it with one command."""

    ASK = "ask"
    """A person is asked before each phase of each release."""
    AUTO_SECURITY = "auto-security"
    """Security releases need no answer; a person is asked about all others."""
    AUTO_ALL = "auto-all"
    """No release needs an answer."""
    NEVER = "never"
    """Updates are off: the client installs nothing and does not use the network."""


def may_look(preset: Preset) -> bool:
    """Returns whether the client may look for releases by itself. If not, it does not use the network."""
    return preset is not Preset.NEVER


@dataclass(frozen=True, slots=True)
class StandingAnswer:
    """Answers every question as the preset says.

    A release is a security release only if its kind is `security`. One that also changes functions has the
    kind `both`, so `auto-security` asks about it.
    """

    preset: Preset

    def decide(self, question: Question, situation: Situation) -> Decision:
        """Answers a question; the situation does not matter."""
        match self.preset:
            case Preset.NEVER:
                return Decision(Choice.DENY, "updates are switched off (preset never)")
            case Preset.AUTO_ALL:
                return Decision(Choice.ALLOW, "all releases are allowed (preset auto-all)")
            case Preset.AUTO_SECURITY if question.kind == SECURITY:
                return Decision(
                    Choice.ALLOW, "security releases are allowed (preset auto-security)"
                )
            case Preset.AUTO_SECURITY:
                return Decision(
                    Choice.ASK, "it is not only a security release (preset auto-security)"
                )
        return Decision(Choice.ASK, "a person decides about each release (preset ask)")
