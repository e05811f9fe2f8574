"""Tells servers that deploy, such as hawkBit, what becomes of their offers, and lets them cancel.

    told_of_check(source, ended)        # after each look at a bundle of a source
    told_of_change(domains, old, new)   # after each change of the state

No message changes an outcome: sources keep them, and others send them.
"""

import contextlib
from collections.abc import Mapping

from software_update.client import ddi_feedback, events
from software_update.client.domain import Domain
from software_update.client.events import Event
from software_update.client.source import Deploys, Source, SourceError
from software_update.client.sources.ddi_messages import number_of
from software_update.client.staging import PlanFailed
from software_update.client.state import AT_REST, Code, Detail, Plan, State

_TRIED = frozenset({Detail.TRYING, Detail.COMMITTING, Detail.ROLLING_BACK})


def offer_of(source: Source) -> str:
    """Returns the server's name of the offer that a source opened last; empty without such a server."""
    return source.offer if isinstance(source, Deploys) else ""


def interval_of(domains: Mapping[str, Domain], otherwise: float) -> float:
    """Returns the seconds between checks: the shortest that a server wishes, or else the configured ones."""
    sources = [source for domain in domains.values() for source in domain.sources]
    wishes = [each.interval for each in sources if isinstance(each, Deploys) and each.interval]
    return min(wishes, default=otherwise)


def told_of_check(source: Source, ended: Event | None) -> None:
    """Tells the server of a source that its offer became no plan. None: the release runs already."""
    if not isinstance(source, Deploys) or not source.offer:
        return
    code, text = Code.UP_TO_DATE, "the release runs on the device"
    if isinstance(ended, events.NothingToDo):
        code, text = ended.code, ended.text
    elif ended is not None:
        return
    for message in ddi_feedback.after_check(source.offer, code, text):
        source.send(message)


def told_of_change(domains: Mapping[str, Domain], old: State, new: State) -> None:
    """Tells the server that has offered the plan about a change of the state."""
    plan = new.plan or old.plan
    source = _source(domains.get(plan.domain), plan) if plan else None
    if source is not None:
        for message in ddi_feedback.after_change(old, new):
            source.send(message)


def told_of_nothing(source: Source) -> None:
    """Agrees to cancel, if that is why a source offers nothing. No plan of it is tried while it is opened."""
    if isinstance(source, Deploys) and source.cancelled:
        source.send(ddi_feedback.after_cancel(source.cancelled, accepted=True))


def poll_for_cancellation(domain: Domain, state: State) -> PlanFailed | None:
    """Asks the server of a plan that is under way whether it still wants it.

    Returns the end of the plan if it does not. A server that does not answer changes nothing.
    """
    plan = state.plan
    source = _source(domain, plan) if plan else None
    if plan is None or source is None or state.detail in AT_REST:
        return None
    with contextlib.suppress(SourceError):
        source.poll()
        if source.is_cancelled(plan.offer):
            accepted = state.detail not in _TRIED
            source.send(ddi_feedback.after_cancel(source.cancelled, accepted))
            return _cancelled(plan) if accepted else None
    return None


def cancellation(source: Source, plan: Plan) -> PlanFailed | None:
    """Returns the end of a plan if the last poll of its source asked to cancel it; None otherwise."""
    if isinstance(source, Deploys) and source.is_cancelled(plan.offer):
        return _cancelled(plan)
    return None


def _cancelled(plan: Plan) -> PlanFailed:
    return PlanFailed(Code.WITHDRAWN, f"hawkBit cancelled action {number_of(plan.offer)}")


def _source(domain: Domain | None, plan: Plan) -> Deploys | None:
    """Returns the source of a plan that a server has offered; None for any other plan."""
    if domain is None or domain.name != plan.domain or not plan.offer:
        return None
    if plan.source >= len(domain.sources):
        return None
    source = domain.sources[plan.source]
    return source if isinstance(source, Deploys) else None
