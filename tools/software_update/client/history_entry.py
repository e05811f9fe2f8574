"""The line of the history about a transition. Pure."""

import dataclasses
from typing import Any

from software_update.client import events
from software_update.client.codec import to_json
from software_update.client.events import Event
from software_update.client.state import Code, Plan, State, offered_by

# Members of the state that change without anything to tell.
_SILENT = (
    events.CheckBegan,
    events.WaitOver,
    events.VerifyingBegan,
    events.RepositoryRead,
    events.TimeProven,
)
# Events that repeat, with each check or each wait. One line is enough.
_REPEATED = (
    events.NothingToDo,
    events.SourceFailed,
    events.Failed,
    events.Offered,
    events.Decided,
    events.RootSettled,
    events.SlotVerified,
)
_MAX_TEXT = 400


def history_entry(old: State, event: Event, new: State) -> dict[str, Any] | None:
    """Returns the members of the line, without the digest of the line before; None if there is none.

    They are `at` (seconds since 1970), `event`, `detail` (the new state), `release` (its digest), `result`
    and `text`, and the members of the event: who answered what, and what a policy decided for which reason.
    """
    if isinstance(event, _SILENT) or _is_usual(event, old, new) or new == old:
        return None
    if isinstance(event, events.Started) and _same_but_question(old, new):
        return None
    if isinstance(event, _REPEATED) and _told(old) == _told(new):
        return None
    entry: dict[str, Any] = {
        "at": event.at,
        "event": type(event).__name__,
        "detail": new.detail.value,
    }
    plan = new.plan or old.plan
    if plan is not None:
        entry |= {"domain": plan.domain, "release": plan.release, "version": plan.version}
        if plan.phase is not None:
            entry["phase"] = plan.phase.value
    if new.result is not None and new.result != old.result:
        entry |= {"result": new.result.code.value, "text": new.result.text[:_MAX_TEXT]}
    return entry | _members(event)


def _is_usual(event: Event, old: State, new: State) -> bool:
    """Returns whether a start has found what it should find."""
    match event:
        case events.RootSettled():
            return event.code is None
        case events.SlotVerified():
            return event.installed is not None and old.domains == new.domains
    return False


def _same_but_question(old: State, new: State) -> bool:
    """Returns whether a start changed nothing but that a question is asked again."""
    return (old.detail, old.domains) == (new.detail, new.domains)


def _told(state: State) -> tuple[object, ...]:
    """Returns all that a line would tell, but for its time."""
    plan, result = state.plan, state.result
    return (
        state.detail,
        state.domains,
        state.answers,
        state.failures,
        plan and (plan.release, plan.root, plan.phase, plan.asking, plan.reason),
        result and (result.code, result.text, result.release),
    )


def _rollout(plan: Plan) -> dict[str, Any]:
    if not plan.entry:
        return {"rollout": "does not apply to a release that is not from a repository"}
    reached = "a person need not wait for it" if plan.by_person else "has reached this device"
    return {"entry": plan.entry, "rollout": reached}


def _about_slot(event: events.SlotVerified) -> dict[str, Any]:
    found = {"domain": event.domain, "slot": event.slot}
    if event.installed is not None:
        return {**found, "version": event.installed.version}
    return {**found, "result": Code.SLOT_DAMAGED.value, "text": event.text[:_MAX_TEXT]}


def _members(event: Event) -> dict[str, Any]:
    match event:
        case events.Started():
            return {
                "booted": {name: boot.booted for name, boot in sorted(event.boot.items())},
            }
        case events.RootSettled():
            refused = (
                {"result": event.code.value, "text": event.text[:_MAX_TEXT]} if event.code else {}
            )
            return {"domain": event.domain, "root": event.root, **refused}
        case events.SlotVerified():
            return _about_slot(event)
        case events.Decided():
            decision = event.decision
            told: dict[str, Any] = {
                "choice": decision.choice.name.lower(),
                "reason": decision.reason[:_MAX_TEXT],
            }
            return told if decision.until is None else {**told, "until": decision.until}
        case events.Offered():
            by = offered_by(event.plan)
            said = {"offered_by": by} if by else {}
            return {"root": event.plan.root, **_rollout(event.plan), **said, **event.disclosed}
        case _:
            kept = {
                each.name: to_json(getattr(event, each.name))
                for each in dataclasses.fields(event)
                if each.name not in ("at", "text", "code", "plan")
            }
            return kept
