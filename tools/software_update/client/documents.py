"""Questions and decisions as JSON, for the API, the history and programs. Pure.

The schemas are `software_update.question.v1` and `software_update.decision.v1`.
"""

from typing import Any

from software_update.base.dates import format_date, parse_date
from software_update.base.errors import SoftwareUpdateError
from software_update.client.decision import Choice, Decision, Situation
from software_update.client.question import Question

QUESTION_SCHEMA = "software_update.question.v1"
DECISION_SCHEMA = "software_update.decision.v1"
MAX_REASON_CHARACTERS = 300


def question_document(question: Question) -> dict[str, Any]:
    """Returns a question as JSON. A fact that the release does not state is null or an empty list."""
    return {
        "schema": QUESTION_SCHEMA,
        "domain": question.domain,
        "phase": question.phase.value,
        "release": question.release,
        "root": question.root,
        "vendor": question.vendor,
        "product": question.product,
        "from_version": question.from_version,
        "to_version": question.to_version,
        "download_bytes": question.download_bytes,
        "install_bytes": question.install_bytes,
        "kind": question.kind,
        "severity": question.severity,
        "duration": question.duration,
        "unavailable_functions": list(question.unavailable_functions),
        "reversible": question.reversible,
        "signers": list(question.signers),
        "notes": question.notes,
        "download_installs": question.download_installs,
        "advisories": [
            {
                "id": each.id,
                "severity": each.severity,
                "text": each.text,
                "action": each.action,
            }
            for each in question.advisories
        ],
        "later_versions": list(question.later_versions),
        "log": None
        if question.log is None
        else {
            "origin": question.log.origin,
            "witnesses": list(question.log.witnesses),
            "problem": question.log.problem,
        },
        "auditors": list(question.auditors),
        "slot": question.slot,
        "powers": None if question.powers is None else list(question.powers),
        "areas": None if question.areas is None else list(question.areas),
        "claims": [
            {
                "target": each.target,
                "component": each.component,
                "area": each.area,
                "reach": list(each.reach),
                "confined_by": each.confined_by,
                "reversible": each.reversible,
            }
            for each in question.claims
        ],
        "components": [each._asdict() for each in question.components],
        "powers_gained": [each._asdict() for each in question.powers_gained],
        "not_reversible": list(question.not_reversible),
        "unclaimed": list(question.unclaimed),
    }


def situation_document(situation: Situation) -> dict[str, Any]:
    """Returns the facts besides the question as JSON."""
    return {
        "now": format_date(situation.now),
        "local_minute": situation.local_minute,
        "first_asked": format_date(situation.first_asked),
        "last_install": _date(situation.last_install),
        "postponements": situation.postponements,
    }


def decision_document(decision: Decision) -> dict[str, Any]:
    """Returns a decision as JSON."""
    return {"schema": DECISION_SCHEMA, **decision_fields(decision)}


def decision_fields(decision: Decision) -> dict[str, Any]:
    """Returns the fields of a decision, as in its JSON, without the schema's name."""
    return {
        "choice": decision.choice.name.lower(),
        "reason": decision.reason,
        "until": _date(decision.until),
    }


def read_decision(fields: dict[str, Any]) -> Decision:
    """Returns the decision in JSON fields, of which `until` may be missing. Raises ValueError."""
    choice, reason, until = fields.get("choice"), fields.get("reason"), fields.get("until")
    names = {each.name.lower(): each for each in Choice}
    if not isinstance(choice, str) or choice not in names:
        raise ValueError(f"needs a choice out of {', '.join(names)}")
    if not isinstance(reason, str) or not 1 <= len(reason) <= MAX_REASON_CHARACTERS:
        raise ValueError(f"needs a reason of 1 to {MAX_REASON_CHARACTERS} characters")
    if until is None:
        return Decision(names[choice], reason)
    if choice != "defer":
        raise ValueError("has a time until, which belongs to the choice defer; remove it")
    if not isinstance(until, str):
        raise ValueError("needs a date until, such as 2031-01-01T00:00:00Z")
    try:
        return Decision(names[choice], reason, parse_date(until, "until"))
    except SoftwareUpdateError as error:
        raise ValueError(f"has a bad date: {error}") from None


def _date(seconds: int | None) -> str | None:
    return None if seconds is None else format_date(seconds)
