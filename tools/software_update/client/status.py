"""The status of the client as JSON. Pure.

The schema is `software_update.client_status.v1`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from software_update.base.dates import format_date
from software_update.client.documents import question_document
from software_update.client.question import Question
from software_update.client.state import (
    DomainState,
    Installed,
    Plan,
    State,
    below_floor,
    external,
)

SCHEMA = "software_update.client_status.v1"


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts besides the state.

    `domains` are the names of the configured domains, and `root_versions` the version of the root in force
    of each. `problem` is the client's, empty if there is none. `next_check` is in seconds since 1970; None
    if no service runs.
    """

    domains: tuple[str, ...]
    root_versions: Mapping[str, int] = field(default_factory=dict)
    question: Question | None = None
    problem: str = ""
    next_check: int | None = None


def status_document(state: State, facts: Facts) -> dict[str, Any]:
    """Returns the status as JSON. Dates are in UTC, and digests in hexadecimal."""
    plan, result = state.plan, state.result
    return {
        "schema": SCHEMA,
        "state": external(state).name,
        "number": int(external(state)),
        "detail": state.detail.value,
        "plan": _plan(plan) if plan else None,
        "question": question_document(facts.question) if facts.question else None,
        "asking": bool(plan and plan.asking),
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
            name: _domain(state.domain(name), facts.root_versions.get(name))
            for name in facts.domains
        },
        "failures": [
            {
                "domain": each.domain,
                "release": each.release,
                "counter": each.counter,
                "count": each.count,
            }
            for each in state.failures
        ],
    }


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
    }


def _domain(domain: DomainState, root_version: int | None) -> dict[str, Any]:
    return {
        "preset": domain.preset,
        "running": domain.running or None,
        "root_version": root_version,
        "floor": _installed(domain.floor) if domain.floor else None,
        "below_floor": below_floor(domain),
        "slots": {slot: _installed(each) for slot, each in sorted(domain.slots.items())},
    }


def _installed(installed: Installed) -> dict[str, Any]:
    return {
        "release": installed.release,
        "version": installed.version,
        "counter": installed.counter,
        "targets_version": installed.targets_version,
    }
