"""The status of the client as JSON, with a sentence for a person. Pure.

The schema is `software_update.client_status.v1`.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from software_update.base.dates import format_date
from software_update.client.claimed import UNLIMITED, Grant
from software_update.client.decision import Decision
from software_update.client.documents import decision_fields, question_document
from software_update.client.question import Phase, Question
from software_update.client.repository import Versions
from software_update.client.root_chain import fingerprint
from software_update.client.state import (
    AT_REST,
    FAILURES_TO_QUARANTINE,
    Detail,
    DomainState,
    Installed,
    Plan,
    State,
    below_floor,
    external,
    offered_by,
)
from software_update.format.metadata import Root

SCHEMA = "software_update.client_status.v1"


class Action(enum.Enum):
    """An action of a user that continues or clears a state."""

    CHECK = "check"
    INSTALL = "install"
    APPROVE = "approve"
    DECLINE = "decline"
    POSTPONE = "postpone"
    RESTART_DONE = "restart-done"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    CLEAR = "clear"
    TRUST = "trust"


_ANSWERS = (Action.APPROVE, Action.DECLINE, Action.POSTPONE)
_ACTIONS = {
    Detail.IDLE: (Action.CHECK, Action.INSTALL),
    Detail.AWAITING_CONSENT: (*_ANSWERS, Action.ROLLBACK),
    Detail.DOWNLOADING: (Action.ROLLBACK,),
    Detail.VERIFYING: (Action.ROLLBACK,),
    Detail.INSTALLING: (Action.ROLLBACK,),
    Detail.AWAITING_RESTART: (Action.RESTART_DONE, Action.ROLLBACK),
    Detail.TRYING: (Action.COMMIT, Action.ROLLBACK),
    Detail.COMMITTING: (),
    Detail.ROLLING_BACK: (Action.RESTART_DONE,),
    Detail.QUARANTINED: (Action.CLEAR, Action.CHECK, Action.INSTALL),
    Detail.FINISHED: (Action.CHECK, Action.INSTALL, Action.CLEAR),
}
_SENTENCES = {
    Detail.DOWNLOADING: "The client fetches {version}.",
    Detail.VERIFYING: "The client verifies {version}.",
    Detail.INSTALLING: "The client writes {version} into slot {slot}.",
    Detail.AWAITING_RESTART: "{Version} is in slot {slot}, and the next restart tries it.",
    Detail.TRYING: "Slot {slot} runs {version}, which is not committed yet.",
    Detail.COMMITTING: "The boot loader confirms slot {slot} with {version}.",
    Detail.ROLLING_BACK: "The device goes back from {version} to the release before it.",
}
_PURPOSES = {
    Phase.DOWNLOAD: "to be fetched",
    Phase.INSTALL: "to be installed",
    Phase.RESTART: "to be started",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts besides the state.

    `domains` are the names of the configured domains, `roots` has the newest root that the device knows of
    each, and `image_roots` the one in the image. `grants` are the powers and areas of each. `decisions` are
    those of the policies about the question. `problem` is the client's, empty if there is none. `next_check`
    is in seconds since 1970; None if no service runs.
    """

    domains: tuple[str, ...]
    roots: Mapping[str, Root] = field(default_factory=dict)
    question: Question | None = None
    decisions: Sequence[tuple[str, Decision]] = ()
    problem: str = ""
    next_check: int | None = None
    grants: Mapping[str, Grant] = field(default_factory=dict)
    image_roots: Mapping[str, Root] = field(default_factory=dict)


def status_document(state: State, facts: Facts) -> dict[str, Any]:
    """Returns the status as JSON. Dates are in UTC, and digests in hexadecimal."""
    plan, result = state.plan, state.result
    return {
        "schema": SCHEMA,
        "state": external(state).name,
        "number": int(external(state)),
        "detail": state.detail.value,
        "sentence": sentence(state),
        "actions": [each.value for each in actions(state)],
        "plan": _plan(plan) if plan else None,
        "question": question_document(facts.question) if facts.question else None,
        "decisions": [{"policy": name, **decision_fields(each)} for name, each in facts.decisions],
        "asking": bool(plan and plan.asking) and state.detail == Detail.AWAITING_CONSENT,
        "not_before": format_date(plan.not_before) if plan and plan.not_before else None,
        "retry_in": state.retry_in,
        "failed_attempts": state.attempts,
        "checking": state.checking or None,
        "next_check": None if facts.next_check is None else format_date(facts.next_check),
        "result": None
        if result is None
        else {
            "code": result.code.value,
            "text": result.text,
            "release": result.release or None,
            "at": format_date(result.at),
        },
        "problem": facts.problem or None,
        "domains": {
            name: {
                **_domain(state.domain(name)),
                **_roots(state, facts, name),
                "damaged_slot": state.damaged.get(name),
                **_grant(facts.grants.get(name, UNLIMITED)),
            }
            for name in facts.domains
        },
        "failures": [
            {
                "domain": each.domain,
                "release": each.release,
                "counter": each.counter,
                "count": each.count,
                "quarantined": each.count >= FAILURES_TO_QUARANTINE,
            }
            for each in state.failures
        ],
    }


def actions(state: State) -> tuple[Action, ...]:
    """Returns the actions that continue or clear a state, the most likely one first."""
    if state.root_refused and state.detail in AT_REST:
        return (Action.TRUST, *_ACTIONS[state.detail])
    if state.detail == Detail.FINISHED and state.plan is not None:
        return (Action.APPROVE, *_ACTIONS[state.detail])
    return _ACTIONS[state.detail]


def sentence(state: State) -> str:
    """Returns a sentence that explains the state to a person."""
    plan, result = state.plan, state.result
    if state.detail == Detail.IDLE:
        known = f": {result.text}" if result else ""
        return f"No update is under way{known}."
    if plan is None or state.detail in AT_REST:
        return "The last update has ended." if result is None else f"{_capital(result.text)}."
    text = _under_way(state, plan)
    if state.retry_in:
        because = f" ({result.text})" if result else ""
        text = f"{text} It is tried again later, because it failed{because}."
    return text


def _under_way(state: State, plan: Plan) -> str:
    version = f"version {plan.version} of {plan.product}"
    if state.detail == Detail.AWAITING_CONSENT:
        return _waiting(plan, version)
    return _SENTENCES[state.detail].format(
        version=version, Version=_capital(version), slot=plan.slot
    )


def _waiting(plan: Plan, version: str) -> str:
    purpose = _PURPOSES[plan.phase or Phase.DOWNLOAD]
    if plan.asking:
        return f"{_capital(version)} waits for an answer {purpose}."
    if plan.not_before:
        return f"{_capital(version)} waits until {format_date(plan.not_before)} {purpose}."
    return f"{_capital(version)} waits for the policy {purpose}."


def _capital(text: str) -> str:
    """Begins a sentence, unless its first word is a place, such as a path or a host."""
    first = text.partition(" ")[0]
    return text if any(each in first for each in "./:") else text[:1].upper() + text[1:]


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "domain": plan.domain,
        "release": plan.release,
        "root": plan.root,
        "product": plan.product,
        "version": plan.version,
        "counter": plan.counter,
        "targets_version": plan.targets_version,
        "download_bytes": plan.size,
        "slot": plan.slot,
        "staging": plan.staging.value,
        "phase": plan.phase.value if plan.phase else None,
        "postponements": plan.postponements,
        "signers": list(plan.signers),
        "offered_by": offered_by(plan) or None,
        "entry": plan.entry or None,
        "by_person": plan.by_person,
        "later_versions": list(plan.steps),
    }


def _domain(domain: DomainState) -> dict[str, Any]:
    return {
        "preset": domain.preset,
        "running": domain.running or None,
        "floor": _installed(domain.floor) if domain.floor else None,
        "below_floor": below_floor(domain),
        "repository": _repository(domain.repository),
        "slots": {slot: _installed(each) for slot, each in sorted(domain.slots.items())},
    }


def _roots(state: State, facts: Facts, domain: str) -> dict[str, Any]:
    code = state.root_refused.get(domain)
    root, image = facts.roots.get(domain), facts.image_roots.get(domain)
    return {
        "root_version": root.common.version if root else None,
        "root_fingerprint": fingerprint(root) if root else None,
        "root_refused": code.value if code else None,
        "image_root": None
        if image is None
        else {"version": image.common.version, "fingerprint": fingerprint(image)},
    }


def _grant(grant: Grant) -> dict[str, Any]:
    return {
        "powers": None if grant.powers is None else list(grant.powers),
        "areas": None if grant.areas is None else list(grant.areas),
    }


def _repository(versions: Versions) -> dict[str, Any] | None:
    if not versions.root:
        return None
    return {
        "root_version": versions.root,
        "timestamp_version": versions.timestamp,
        "snapshot_version": versions.snapshot,
        "fresh_until": format_date(versions.fresh_until),
    }


def _installed(installed: Installed) -> dict[str, Any]:
    return {
        "release": installed.release,
        "version": installed.version,
        "counter": installed.counter,
        "targets_version": installed.targets_version,
    }
