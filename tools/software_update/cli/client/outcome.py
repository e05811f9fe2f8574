"""The meaning of a status for a command: whether the client is at work, and the exit code. Pure."""

from typing import Any

Document = dict[str, Any]

DONE, REFUSED, FAILED, QUESTION = 0, 1, 3, 6
_WORK = frozenset({"Downloading", "Verifying", "Installing", "Committing"})
_GOOD = frozenset(
    {
        "UPDATED",
        "UP_TO_DATE",
        "NOTHING_OFFERED",
        "NOT_ROLLED_OUT",
        "WAITING_FOR_ROLLOUT",
        "DECLINED",
        "CANCELLED",
        "ROLLED_BACK",
        "ROOT_TRUSTED",
        "FACTORY_RESET",
    }
)


def is_working(status: Document) -> bool:
    """Returns whether the client goes on without an answer, a restart or more time."""
    if status["checking"]:
        return True
    if status["detail"] == "AwaitingConsent":
        return not status["asking"] and status["not_before"] is None
    return status["detail"] in _WORK and not status["retry_in"]


def exit_code(status: Document) -> int:
    """Returns the exit code of a command that ends with this status."""
    if status["asking"]:
        return QUESTION
    if status["retry_in"]:
        return FAILED
    result = status["result"]
    ended = status["detail"] in ("Idle", "Finished", "Quarantined", "RollingBack")
    if result is None or not ended or result["code"] in _GOOD:
        return DONE
    return FAILED if result["code"] == "SOURCE_FAILED" else REFUSED
