"""The chain of policies: every one decides about a question, and the strictest decision counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from software_update.base.errors import printable
from software_update.client.decision import Choice, Decision, Policy, Situation, combine
from software_update.client.question import Phase, Question

_MAX_REASON_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Link:
    """A policy in the chain, under the name of its configuration, and the phases about which it decides."""

    name: str
    policy: Policy
    phases: frozenset[Phase] = frozenset(Phase)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The decision of each policy about one question, by name, in the order of the chain."""

    decisions: Sequence[tuple[str, Decision]]

    @property
    def combined(self) -> Decision:
        """The decision that counts while no person has answered."""
        return combine(decision for _, decision in self.decisions)

    @property
    def after_yes(self) -> Decision:
        """The decision that counts once a person has said yes.

        A yes answers the policies that ask. It does not charge the battery: the client still waits for
        policies that defer, and obeys those that deny.
        """
        others = [each for _, each in self.decisions if each.choice is not Choice.ASK]
        return combine([Decision(Choice.ALLOW, "a person has agreed"), *others])


def evaluate(
    chain: Iterable[Link], question: Question, situation: Situation, retry: int
) -> Evaluation:
    """Lets each policy decide that is for the question's phase.

    A policy that raises, or answers with something else than a decision, counts as one that defers. A
    deferral without a time ends `retry` seconds from now.
    """
    return Evaluation(
        tuple(
            (link.name, _decide(link.policy, question, situation, retry))
            for link in chain
            if question.phase in link.phases
        )
    )


def _decide(policy: Policy, question: Question, situation: Situation, retry: int) -> Decision:
    try:
        decision = policy.decide(question, situation)
        problem = _problem(decision)
    except Exception as error:  # A fault in any policy must never allow anything.
        decision, problem = None, str(error) or type(error).__name__
    if problem or decision is None:
        text = f"the policy gives no decision: {printable(problem or '')}"
        decision = Decision(Choice.DEFER, text[:_MAX_REASON_CHARACTERS])
    if decision.choice is not Choice.DEFER:
        return decision
    again = situation.now + retry
    is_later = decision.until is not None and decision.until > situation.now
    return decision if is_later else replace(decision, until=again)


def _problem(decision: object) -> str | None:
    """Returns why a value is not a decision; None if it is one."""
    if not isinstance(decision, Decision) or not isinstance(decision.choice, Choice):
        return "not a decision"
    if not isinstance(decision.reason, str) or not decision.reason:
        return "a decision without a reason"
    if decision.until is not None and type(decision.until) is not int:
        return "a decision with a time that is not an integer"
    return None
