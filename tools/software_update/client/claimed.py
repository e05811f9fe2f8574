"""The vendor's claims about a release, next to the powers that this device gives the trust domain. Pure.

check_claims(claims, "main", domain.grant)     # raises NotDisclosed with POWER_NOT_ALLOWED
claimed_changes(running, release).powers_gained
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from software_update.client.question import Component
from software_update.client.release import slot_targets
from software_update.format.claims import (
    NO_CLAIMS,
    Claims,
    Power,
    TargetClaim,
    powers_gained,
    read_claims,
)
from software_update.format.metadata import Installed
from software_update.format.refusals import NotDisclosed, Refusal


@dataclass(frozen=True, slots=True)
class Grant:
    """The powers of a trust domain and the areas that it owns, from the configuration of the device.

    `powers` are words of `claims.REACH` and `areas` words of `claims.AREAS`. None: not limited.
    """

    powers: tuple[str, ...] | None = None
    areas: tuple[str, ...] | None = None


UNLIMITED = Grant()


class ClaimedChanges(NamedTuple):
    """The differences between a release and the installed one, by the vendor's claims. All are sorted.

    `components` are those with a target that changes. `powers_gained` are powers that the claims of the
    installed release do not have; without such claims, all of them. `not_reversible` are the targets that
    change and cannot go back, and `unclaimed` those that the release changes or adds without a claim, even if
    the installed one has a claim about them.
    """

    components: tuple[Component, ...] = ()
    powers_gained: tuple[Power, ...] = ()
    not_reversible: tuple[str, ...] = ()
    unclaimed: tuple[str, ...] = ()


def check_claims(manifest: bytes | None, domain: str, grant: Grant) -> None:
    """Raises NotDisclosed if the claims in a user_manifest are malformed, or beyond what a domain has.

    A word that this version does not know is never allowed. Without limits, it does not matter.
    """
    for each in read_claims(manifest or b"").targets:
        if grant.areas is not None and each.area not in grant.areas:
            raise _not_allowed(each, f"claims the area {each.area}", "areas", domain, grant.areas)
        for word in each.reach:
            if grant.powers is not None and word not in grant.powers:
                raise _not_allowed(each, f"claims the power {word}", "powers", domain, grant.powers)


def _not_allowed(
    claim: TargetClaim, claimed: str, kind: str, domain: str, allowed: tuple[str, ...]
) -> NotDisclosed:
    has = ", ".join(allowed) or "none"
    return NotDisclosed(
        Refusal.POWER_NOT_ALLOWED,
        f"{claimed}, which domain '{domain}' does not have (its {kind}: {has})",
        subject=f"target '{claim.target}'",
    )


def claims_of(release: Installed) -> Claims:
    """Returns the claims of a release that the device has accepted, about targets that it lists.

    Returns none if they are malformed: an older client may have accepted them.
    """
    names = {each.name for each in slot_targets(release.targets)}
    try:
        claims = read_claims(release.user_manifest or b"")
    except NotDisclosed:
        return NO_CLAIMS
    return claims._replace(targets=tuple(each for each in claims.targets if each.target in names))


def claimed_changes(running: Installed | None, release: Installed) -> ClaimedChanges:
    """Compares a release with the one that runs; None: the device does not know the one that runs."""
    before = claims_of(running) if running else NO_CLAIMS
    after = claims_of(release)
    old, new = _by_target(before), _by_target(after)
    changed = _changed(running, release)
    listed = {each.name for each in release.targets.targets}
    claims = [each[name] for name in changed for each in (old, new) if name in each]
    return ClaimedChanges(
        components=tuple(sorted({Component(each.component, each.area) for each in claims})),
        powers_gained=powers_gained(before, after),
        not_reversible=tuple(
            name for name in changed if name in new and new[name].reversible is False
        ),
        unclaimed=tuple(name for name in changed if name in listed and name not in new),
    )


def _by_target(claims: Claims) -> Mapping[str, TargetClaim]:
    return {each.target: each for each in claims.targets}


def _changed(running: Installed | None, release: Installed) -> list[str]:
    """Returns the names of targets that are added, removed, or have another content, sorted."""
    old = {each.name: each for each in slot_targets(running.targets)} if running else {}
    new = {each.name: each for each in slot_targets(release.targets)}
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
