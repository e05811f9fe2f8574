"""Makes the messages to hawkBit about its actions. Pure.

A person's answer, and never hawkBit, decides whether a phase begins: hawkBit learns the answer as
`confirmed` or `denied` if its action waits for one, and as `proceeding` or `rejected` otherwise. Both leave
the action open, because a person may change an answer. An action ends with `closed`.
"""

from collections.abc import Sequence

from software_update.client.question import Phase
from software_update.client.sources.ddi_messages import (
    CONFIRMATION,
    DEPLOYMENT,
    Message,
    confirmation,
    feedback,
    number_of,
)
from software_update.client.state import AT_REST, Code, Detail, Result, State
from software_update.client.status import sentence

_PROCEEDING, _NONE = "proceeding", "none"
_DONE = frozenset({Code.UPDATED, Code.UP_TO_DATE})
_REFUSED = frozenset({Code.DECLINED, Code.DENIED_BY_POLICY, Code.CANCELLED})
# A later check may lead to the update, or hawkBit itself has ended the action.
_UNTOLD = frozenset(
    {Code.SOURCE_FAILED, Code.RELEASE_CHANGED, Code.NOTHING_OFFERED, Code.WITHDRAWN}
)
# States whose beginning hawkBit learns.
_TOLD = (Detail.DOWNLOADING, Detail.INSTALLING, Detail.AWAITING_RESTART, Detail.TRYING)


def after_check(offer: str, code: Code, text: str) -> Sequence[Message]:
    """Returns the messages about an offer that became no plan. `text` is the reason in one line."""
    return _ended(offer, code, text)


def after_change(before: State, after: State) -> Sequence[Message]:
    """Returns the messages about a change of a plan that hawkBit has offered."""
    plan = after.plan or before.plan
    if plan is None or not plan.offer:
        return ()
    if after.detail in AT_REST:
        new, old = after.result, before.result if before.detail in AT_REST else None
        # The result of a check is about no plan.
        if new is None or new.release != plan.release or (old and _told(old) == _told(new)):
            return ()
        return _ended(plan.offer, new.code, new.text)
    messages = []
    begins = after.detail != before.detail and after.detail in _TOLD
    if begins and after.detail == Detail.DOWNLOADING and plan.offer.startswith(CONFIRMATION):
        messages.append(confirmation(plan.offer, True, "the download has consent"))
    asks = _asks(after) and not _asks(before) and plan.phase != Phase.DOWNLOAD
    if begins or asks:
        text = sentence(after)
        messages.append(feedback(_deployment(plan.offer), _PROCEEDING, _NONE, text))
    return messages


def after_cancel(cancelled: str, accepted: bool) -> Message:
    """Returns the answer to a request to cancel an action, which has the resource `cancelled`."""
    if accepted:
        return feedback(cancelled, "closed", "success", "the action is cancelled")
    text = "the device tries the release already; roll it back on the device"
    return feedback(cancelled, "rejected", _NONE, text)


def _ended(offer: str, code: Code, text: str) -> Sequence[Message]:
    """Returns the messages about the end of an action, or of an attempt at it."""
    if code in _UNTOLD:
        return ()
    told, resource = f"{code.value}: {text}", _deployment(offer)
    if code in _DONE:
        message = feedback(resource, "closed", "success", told)
    elif code in _REFUSED:
        message = feedback(resource, "rejected", _NONE, told)
    else:
        message = feedback(resource, "closed", "failure", told)
    if not offer.startswith(CONFIRMATION):
        return [message]
    # hawkBit ignores the first one if the action is confirmed already, and otherwise the second one unless
    # the first one confirms it.
    return [confirmation(offer, code in _DONE, told), message]


def _told(result: Result) -> tuple[object, ...]:
    return (result.code, result.text, result.release)


def _asks(state: State) -> bool:
    waits = state.detail == Detail.AWAITING_CONSENT
    return waits and state.plan is not None and state.plan.asking


def _deployment(offer: str) -> str:
    return f"{DEPLOYMENT}/{number_of(offer)}"
