"""Powers gained: a release that claims more than the installed one needs a person."""

from dataclasses import dataclass

from software_update.base.errors import shown_list
from software_update.client.decision import Choice, Decision, Situation
from software_update.client.question import Question


@dataclass(frozen=True, slots=True)
class PowersGained:
    """Allows a release with no more powers than the installed one, and with a claim about each change.

    `choice` is the decision about all others: a vendor must not be able to avoid the question by an update
    that claims nothing.
    """

    choice: Choice = Choice.ASK

    def decide(self, question: Question, situation: Situation) -> Decision:
        """Looks at the claims that changed; the situation does not matter."""
        gained = [f"{each.component}: {each.word}" for each in question.powers_gained]
        if gained:
            return Decision(self.choice, f"the release claims more powers: {shown_list(gained, 2)}")
        if question.unclaimed:
            targets = shown_list(question.unclaimed, 2)
            return Decision(self.choice, f"the release changes targets without a claim: {targets}")
        return Decision(Choice.ALLOW, "the release claims no more powers than the installed one")
