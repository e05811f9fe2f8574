"""Decides whether the metadata of a repository still counts, and whether it stops a plan. Pure.

A repository is fresh until its timestamp expires. Then a plan waits for newer metadata before each phase, so
a halted release is not installed once the lifetime of the timestamp has passed.
"""

from software_update.base.dates import format_date
from software_update.base.errors import shown
from software_update.client.choose import halt_text
from software_update.client.effects import Effect
from software_update.client.events import Withdrawn
from software_update.client.repository import (
    Listed,
    Problem,
    RepositoryRejected,
    Versions,
    View,
)
from software_update.client.state import Code, Plan, State

# The effects that begin a phase, or go on with it after a start.
_OF_PHASES = frozenset({Effect.STORE, Effect.WRITE_SLOT, Effect.ACTIVATE, Effect.RESTART})
_FETCHING = frozenset({Effect.STORE, Effect.WRITE_SLOT})


def needs_fresh(plan: Plan, effect: Effect) -> bool:
    """Returns whether an effect needs a repository that is fresh, and that does not stop the plan."""
    # A rollback restarts the device, too.
    return bool(plan.entry) and effect in _OF_PHASES and plan.failed is None


def fetches(plan: Plan, effect: Effect) -> bool:
    """Returns whether an effect reads the bundle from its source."""
    return effect in _FETCHING and not plan.stored


def is_stale(state: State, plan: Plan, at: int) -> bool:
    """Returns whether the timestamp that the plan relies on has expired at a time."""
    return at >= state.domain(plan.domain).repository.fresh_until


def check_versions(place: str, found: Versions, floors: Versions, at: int) -> None:
    """Checks what a repository returned against the record, whatever its cache held.

    Raises RepositoryRejected. `place` names the repository.
    """
    role = floors.lowered(found)
    if role is not None:
        version, floor = getattr(found, role), getattr(floors, role)
        text = f"{place}: {role} has version {version}, and this device has seen version {floor}"
        raise RepositoryRejected(Problem.ROLLED_BACK, text)
    if at >= found.fresh_until:
        text = f"{place}: timestamp has expired at {format_date(found.fresh_until)}"
        raise RepositoryRejected(Problem.EXPIRED, text)


def withdrawal(plan: Plan, view: View, listed: Listed | None, now: int) -> Withdrawn | None:
    """Returns the event that ends a plan; None if its release may still be installed.

    `listed` is the bundle of the plan as the repository lists it now, None if it does not.
    """
    version = shown(plan.version)
    rules = view.rollouts.get(plan.release)
    if rules is not None and rules.halted:
        return Withdrawn(now, plan.release, Code.HALTED, halt_text(version, rules))
    if listed is None or listed.entry.release != plan.release:
        text = f"version {version} was withdrawn by its publisher"
        return Withdrawn(now, plan.release, Code.WITHDRAWN, text)
    return None
