"""The effects that follow from a state.

An effect is a function of the recorded state, so it is recorded before it runs, and a power cut in it only
repeats it: each is idempotent. `effect_of` is the whole table.
"""

import enum

from software_update.client.state import Detail, Staging, State


class Effect(enum.Enum):
    """Work for the shell, which answers with an event."""

    CONSULT = "consult"
    """Evaluate the policy for the phase that waits: Decided."""
    STORE = "store"
    """Fetch the bundle into the store: Stored, SourceFailed, Failed."""
    BEGIN_VERIFYING = "begin verifying"
    """The stored bundle is complete: VerifyingBegan."""
    VERIFY_STORED = "verify stored"
    """Verify the bundle in the store: Verified, Failed."""
    WRITE_SLOT = "write slot"
    """Make the slot unbootable, then write all targets into it: Written, SourceFailed, Failed."""
    VERIFY_SLOT = "verify slot"
    """Read the slot back and hash it: Verified, Failed."""
    ACTIVATE = "activate"
    """Tell the boot loader to try the slot: Activated, Failed."""
    RESTART = "restart"
    """Restart the device. The next event is Started."""
    CHECK_HEALTH = "check health"
    """Run the health checks: HealthPassed, Failed."""
    CONFIRM = "confirm"
    """Tell the boot loader that the slot is good: Confirmed, Failed."""
    ABANDON = "abandon"
    """Tell the boot loader not to start the slot any more: Abandoned."""


# In these states, work is put off while `retry_in` is set.
_MAY_WAIT = frozenset(
    {
        Detail.DOWNLOADING,
        Detail.VERIFYING,
        Detail.INSTALLING,
        Detail.AWAITING_RESTART,
        Detail.ROLLING_BACK,
    }
)
_FIXED = {
    Detail.TRYING: Effect.CHECK_HEALTH,
    Detail.COMMITTING: Effect.CONFIRM,
}


def effect_of(state: State) -> Effect | None:
    """Returns the work that the state calls for; None if it waits for an event from outside."""
    plan = state.plan
    if plan is None or (state.retry_in and state.detail in _MAY_WAIT):
        return None
    match state.detail:
        case Detail.AWAITING_CONSENT:
            effect = None if plan.asking or plan.not_before else Effect.CONSULT
        case Detail.DOWNLOADING if plan.stored:
            effect = Effect.BEGIN_VERIFYING
        case Detail.DOWNLOADING:
            effect = Effect.WRITE_SLOT if plan.staging == Staging.STREAM else Effect.STORE
        case Detail.INSTALLING:
            effect = Effect.VERIFY_SLOT if plan.written else Effect.WRITE_SLOT
        case Detail.VERIFYING:
            effect = Effect.VERIFY_SLOT if plan.written else Effect.VERIFY_STORED
        case Detail.AWAITING_RESTART:
            effect = Effect.RESTART if plan.activated else Effect.ACTIVATE
        case Detail.ROLLING_BACK:
            effect = Effect.RESTART if plan.abandoned else Effect.ABANDON
        case _:
            effect = _FIXED.get(state.detail)
    return effect
