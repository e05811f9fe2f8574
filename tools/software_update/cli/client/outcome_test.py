"""Tests of the exit codes that follow from a status."""

from typing import Any

import pytest

from software_update.cli.client.outcome import exit_code, is_working


def status(detail: str, code: str | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "detail": detail,
        "asking": False,
        "retry_in": 0,
        "checking": None,
        "not_before": None,
        "result": None if code is None else {"code": code},
        **changes,
    }


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (status("Idle"), 0),
        (status("Idle", "UP_TO_DATE"), 0),
        (status("Idle", "NO_PLACE"), 1),
        (status("Idle", "SOURCE_FAILED"), 3),
        (status("Finished", "UPDATED"), 0),
        (status("Finished", "HEALTH_FAILED"), 1),
        (status("Quarantined", "QUARANTINED"), 1),
        (status("RollingBack", "FELL_BACK"), 1),
        (status("AwaitingConsent", asking=True), 6),
        (status("AwaitingConsent", not_before="2031-01-01T00:00:00Z"), 0),
        (status("Downloading", "SOURCE_FAILED", retry_in=60), 3),
        # The result of an earlier plan.
        (status("AwaitingRestart", "HEALTH_FAILED"), 0),
    ],
)
def test_exit_code(document: dict[str, Any], code: int) -> None:
    assert exit_code(document) == code


@pytest.mark.parametrize(
    ("document", "working"),
    [
        (status("Idle"), False),
        (status("Idle", checking="main"), True),
        (status("AwaitingConsent"), True),
        (status("AwaitingConsent", asking=True), False),
        (status("AwaitingConsent", not_before="2031-01-01T00:00:00Z"), False),
        (status("Downloading"), True),
        (status("Downloading", retry_in=60), False),
        (status("Trying"), False),
        (status("AwaitingRestart"), False),
    ],
)
def test_client_at_work(document: dict[str, Any], working: bool) -> None:
    assert is_working(document) == working
