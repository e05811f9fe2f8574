"""The blast radius: what can go wrong at worst if a device installs a release in place of another one. Pure.

It is computed from the vendor's claims about targets, from the targets that change, and from the roots. A
target without a claim can do anything, so it is listed apart.

    radius = blast_radius(old, new)
    for power in radius.powers_gained:
        print(power.component, power.word)
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from software_update.disclosure.disclosed import Disclosed
from software_update.format.claims import NO_CLAIMS, Power, TargetClaim, powers_gained
from software_update.format.messages import Target
from software_update.format.metadata import Root
from software_update.format.names import USER_MANIFEST

# The areas whose faults a device cannot repair by itself, or only with the help of people.
BOOT_LOADER = "boot_loader"

# Confinement that is not claimed does not exist.
_NO_CONFINEMENT = "none"

ADDED = "added"
REMOVED = "removed"
CHANGED = "changed"


class ComponentChange(NamedTuple):
    """A component that changes in an area of the device. `change` is added, removed or changed.

    `targets` are the names of its targets that change, sorted.
    """

    component: str
    area: str
    change: str
    targets: tuple[str, ...]


class Confinement(NamedTuple):
    """A target whose confinement changes: words of `claims.CONFINED_BY`, "none" if nothing is claimed."""

    target: str
    old: str
    new: str


class AreaChange(NamedTuple):
    """A target that the new release claims to be in another area."""

    target: str
    old: str
    new: str


class KeyChange(NamedTuple):
    """A key that may sign for a role, by its raw key id. `change` is added or removed."""

    role: str
    key_id: bytes
    change: str


class ThresholdChange(NamedTuple):
    """The number of keys that must sign for a role."""

    role: str
    old: int
    new: int


class BlastRadius(NamedTuple):
    """The effects of a release on a device.

    `claimed_before` is false if the old release has no claims: then each power of the new one counts as
    gained. `boot_loader_targets` are the names of targets of the boot loader that change in a release which
    also changes other areas. `unclaimed` are the names of targets that change or are added, and about which
    the new release claims nothing. `no_way_back` are reasons why a step cannot be undone: (kind, name), in
    which the kind is "release", "target" or "root". `keys` and `thresholds` are None if a root is not at
    hand.
    """

    components: tuple[ComponentChange, ...]
    claimed_before: bool
    powers_gained: tuple[Power, ...]
    confinement: tuple[Confinement, ...]
    areas: tuple[AreaChange, ...]
    boot_loader_targets: tuple[str, ...]
    unclaimed: tuple[str, ...]
    no_way_back: tuple[tuple[str, str], ...]
    keys: tuple[KeyChange, ...] | None
    thresholds: tuple[ThresholdChange, ...] | None


def blast_radius(old: Disclosed | None, new: Disclosed) -> BlastRadius:
    """Returns the blast radius of installing `new` on a device with `old`; None: nothing is installed."""
    before = _claims(old) if old else {}
    after = _claims(new)
    changed = changed_targets(old, new)
    new_names = {each.name for each in new.targets.targets}
    return BlastRadius(
        components=tuple(_components(before, after, changed)),
        claimed_before=bool(before),
        powers_gained=powers_gained(old.claims if old else NO_CLAIMS, new.claims),
        confinement=tuple(_confinement(before, after)),
        areas=tuple(
            AreaChange(name, before[name].area, claim.area)
            for name, claim in after.items()
            if name in before and before[name].area != claim.area
        ),
        boot_loader_targets=_boot_loader_targets(before, after, changed),
        unclaimed=tuple(name for name in changed if name in new_names and name not in after),
        no_way_back=tuple(_no_way_back(old, new, [each for each in changed if each in new_names])),
        keys=_key_changes(old, new),
        thresholds=_thresholds(old, new),
    )


def changed_targets(old: Disclosed | None, new: Disclosed) -> tuple[str, ...]:
    """Returns the names of targets that a device adds, removes or changes, sorted, without user_manifest.

    A target that is only compressed in another way does not change.
    """
    before, after = (_contents(old) if old else {}), _contents(new)
    names = before.keys() | after.keys()
    return tuple(sorted(name for name in names if before.get(name) != after.get(name)))


def _contents(release: Disclosed) -> dict[str, tuple[int, bytes]]:
    return {
        each.name: content_of(each)
        for each in release.targets.targets
        if each.name != USER_MANIFEST
    }


def content_of(target: Target) -> tuple[int, bytes]:
    """Returns the length and raw SHA-256 of the content that a device installs."""
    original = target.original
    return original.length, original.sha256


def _claims(release: Disclosed) -> dict[str, TargetClaim]:
    return {each.target: each for each in release.claims.targets}


def _about(name: str, *releases: Mapping[str, TargetClaim]) -> list[TargetClaim]:
    """Returns the claims of releases about a target."""
    return [claims[name] for claims in releases if name in claims]


def _components(
    before: Mapping[str, TargetClaim], after: Mapping[str, TargetClaim], changed: tuple[str, ...]
) -> Iterator[ComponentChange]:
    targets: dict[tuple[str, str], set[str]] = {}
    for name in changed:
        for claim in _about(name, before, after):
            targets.setdefault((claim.component, claim.area), set()).add(name)
    old, new = ({(each.component, each.area) for each in all_.values()} for all_ in (before, after))
    for part in sorted(targets.keys() | (old ^ new if before else set())):
        # Without claims in the old release, nothing says that a component is new.
        change = CHANGED if not before or part in old & new else ADDED if part in new else REMOVED
        yield ComponentChange(*part, change, tuple(sorted(targets.get(part, ()))))


def _confinement(
    before: Mapping[str, TargetClaim], after: Mapping[str, TargetClaim]
) -> Iterator[Confinement]:
    for name, claim in after.items():
        if name in before:
            old = before[name].confined_by or _NO_CONFINEMENT
            new = claim.confined_by or _NO_CONFINEMENT
            if old != new:
                yield Confinement(name, old, new)


def _boot_loader_targets(
    before: Mapping[str, TargetClaim], after: Mapping[str, TargetClaim], changed: tuple[str, ...]
) -> tuple[str, ...]:
    areas = {name: {each.area for each in _about(name, before, after)} for name in changed}
    if all(found <= {BOOT_LOADER} for found in areas.values()):
        return ()
    return tuple(name for name, found in areas.items() if BOOT_LOADER in found)


def _no_way_back(
    old: Disclosed | None, new: Disclosed, changed: list[str]
) -> Iterator[tuple[str, str]]:
    if new.manifest and new.manifest.reversible is False:
        yield "release", new.manifest.version
    after = _claims(new)
    for name in changed:
        if name in after and after[name].reversible is False:
            yield "target", name
    if old and old.root_id and new.root_id and new.root_id != old.root_id:
        yield "root", str(new.root_id.version)


def _roles(root: Root) -> Iterator[tuple[str, frozenset[bytes], int]]:
    for name, role in (("root", root.root), ("targets", root.targets)):
        yield name, frozenset(role.key_ids), role.threshold


def _key_changes(old: Disclosed | None, new: Disclosed) -> tuple[KeyChange, ...] | None:
    if old is None or old.root is None or new.root is None:
        return None
    return tuple(
        KeyChange(name, key_id, ADDED if key_id in after else REMOVED)
        for (name, before, _), (_, after, _) in zip(_roles(old.root), _roles(new.root), strict=True)
        for key_id in sorted(before ^ after)
    )


def _thresholds(old: Disclosed | None, new: Disclosed) -> tuple[ThresholdChange, ...] | None:
    if old is None or old.root is None or new.root is None:
        return None
    return tuple(
        ThresholdChange(name, before, after)
        for (name, _, before), (_, _, after) in zip(_roles(old.root), _roles(new.root), strict=True)
        if before != after
    )
