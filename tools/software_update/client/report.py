"""The report about a result, which goes to the receiver that the product has chosen. Pure.

docs/reference/client_reports.md lists every member; a report carries nothing else. The schema is
`software_update.client_report.v1`.
"""

from typing import Any

from software_update.base.dates import format_date
from software_update.client.repository import Problem
from software_update.client.state import AT_REST, Code, State, external

REPORT_SCHEMA = "software_update.client_report.v1"
_MAX_TEXT = 400
_REJECTED = frozenset(Code(each.value) for each in Problem)


def is_reported(state: State) -> bool:
    """Returns whether a state has a result for a report: an end, or a rejected repository while a plan waits.

    A server that withholds newer metadata must not go unnoticed as long as an update is under way.
    """
    if state.result is None:
        return False
    return state.detail in AT_REST or state.result.code in _REJECTED


def report_document(before: State, after: State, hardware_id: str | None) -> dict[str, Any] | None:
    """Returns the report about the result of a check or plan; None if there is none to report.

    `before` is the state before the end, in which the plan still is.
    """
    result, plan = after.result, after.plan or before.plan
    if result is None or not is_reported(after):
        return None
    if plan is not None and result.release not in ("", plan.release):
        plan = None
    domain = plan.domain if plan else before.checking or None
    known = after.domain(domain) if domain else None
    running = known.slots.get(known.running) if known else None
    return {
        "schema": REPORT_SCHEMA,
        "at": format_date(result.at),
        "code": result.code.value,
        "text": result.text[:_MAX_TEXT],
        "state": external(after).name,
        "domain": domain,
        "release": result.release or None,
        "product": plan.product if plan else None,
        "version": plan.version if plan else None,
        "running_version": running.version if running else None,
        "hardware_id": hardware_id,
    }
