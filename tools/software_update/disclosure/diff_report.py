"""The report on the differences of two releases, as the JSON document of its schema."""

from collections.abc import Callable
from typing import Any

from software_update.disclosure.blast_radius import BlastRadius, KeyChange, blast_radius
from software_update.disclosure.content_difference import ContentDifference, Contents, File
from software_update.disclosure.disclosed import Disclosed, OpenFile, Releases
from software_update.disclosure.release_difference import TargetChange, release_difference
from software_update.format.compression import as_json
from software_update.format.messages import Target

SCHEMA = "software_update.diff.v1"


def diff_report(
    old: OpenFile, new: OpenFile, releases: Releases, diffoscope: str | None = None
) -> dict[str, Any]:
    """Returns the report, as JSON has it, on two releases that were read from two open files.

    It reads the payloads that differ, if they are small. `diffoscope` is the path of that program, which
    compares formats that are not text, JSON, ELF or a device tree; None: their differences are not shown.
    """
    found = release_difference(releases.old, releases.new)
    contents = Contents(File(old.fd, releases.old), File(new.fd, releases.new), diffoscope)
    return {
        "schema": SCHEMA,
        "verified": releases.verified,
        "differ": found.differ,
        "old": _release(releases.old),
        "new": _release(releases.new),
        "blast_radius": blast_radius_report(blast_radius(releases.old, releases.new)),
        "fields": [each._asdict() for each in found.fields],
        "signers": [_key(each) for each in found.signers],
        "targets": [_target_change(each, contents.difference) for each in found.targets],
        "unchanged_targets": found.unchanged,
        "not_checked": list(releases.not_checked),
    }


def blast_radius_report(radius: BlastRadius) -> dict[str, Any]:
    """Returns the blast radius as JSON has it."""
    return {
        "claimed_before": radius.claimed_before,
        "components": [
            {**each._asdict(), "targets": list(each.targets)} for each in radius.components
        ],
        "powers_gained": [each._asdict() for each in radius.powers_gained],
        "confinement": [each._asdict() for each in radius.confinement],
        "areas": [each._asdict() for each in radius.areas],
        "boot_loader_targets": list(radius.boot_loader_targets),
        "unclaimed": list(radius.unclaimed),
        "no_way_back": [{"kind": kind, "name": name} for kind, name in radius.no_way_back],
        "key_changes": None if radius.keys is None else [_key(each) for each in radius.keys],
        "threshold_changes": (
            None if radius.thresholds is None else [each._asdict() for each in radius.thresholds]
        ),
    }


def _release(release: Disclosed) -> dict[str, Any]:
    manifest = release.manifest
    return {
        "kind": "bundle" if release.is_bundle else "installed_manifest",
        "product": manifest.product if manifest else None,
        "version": manifest.version if manifest else None,
        "release_counter": manifest.counter if manifest else None,
        "release_digest": release.release_digest.hex(),
        "root_version": release.root_id.version if release.root_id else None,
        "targets_version": release.targets.common.version,
    }


def _key(change: KeyChange) -> dict[str, Any]:
    return {"role": change.role, "key_id": change.key_id.hex(), "change": change.change}


def _target_change(
    change: TargetChange, difference: Callable[[Target, Target], ContentDifference]
) -> dict[str, Any]:
    content = None
    if change.old and change.new and not change.same_content:
        found = difference(change.old, change.new)
        content = {**found._asdict(), "lines": list(found.lines)}
    return {
        "name": change.name,
        "change": change.change,
        "same_content": change.same_content,
        "old": _target(change.old),
        "new": _target(change.new),
        "difference": content,
    }


def _target(target: Target | None) -> dict[str, Any] | None:
    if target is None:
        return None
    return {
        "length": target.length,
        "sha256": target.sha256.hex(),
        "compression": as_json(target.compression) if target.compression else None,
    }
