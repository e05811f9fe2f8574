"""The report about a result, which goes to the receiver that the product has chosen. Pure.

docs/reference/client_reports.md lists every member; a report carries nothing else. The schema is
`software_update.client_report.v1`.
"""

from typing import Any

from software_update.base.dates import format_date
from software_update.client.state import AT_REST, State, external

REPORT_SCHEMA = "software_update.client_report.v1"
_MAX_TEXT = 400


def report_document(before: State, after: State, hardware_id: str | None) -> dict[str, Any] | None:
    """Returns the report about the result of a check or plan that has ended; None if there is no result.

    `before` is the state before the end, in which the plan still is.
    """
    result, plan = after.result, after.plan or before.plan
    if result is None or after.detail not in AT_REST:
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
