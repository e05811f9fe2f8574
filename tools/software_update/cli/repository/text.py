"""Describes publications: as plain data for JSON, and as lines for people."""

from typing import TYPE_CHECKING, Any

from software_update.base.dates import format_date
from software_update.base.errors import printable
from software_update.cli.render.fleet import describe, table

if TYPE_CHECKING:
    from software_update.format.rollout import Rollout
    from software_update.repository.add import Addition
    from software_update.repository.attach import Attached
    from software_update.repository.publication import Published
    from software_update.repository.roots import Missing
    from software_update.repository.rules import Changed
    from software_update.repository.withdraw import Withdrawn

ADDED = "software_update.repository_added.v1"
PUBLISHED = "software_update.repository_published.v1"
ROLLOUT = "software_update.repository_rollout.v1"
ATTACHED = "software_update.repository_attached.v1"
WITHDRAWN = "software_update.repository_withdrawn.v1"
_DIGITS = 16
# More of them are counted only.
_MAX_BINS = 4


def published_lines(published: "Published") -> list[str]:
    """Returns the versions of a publication as lines."""
    versions = published_versions(published)
    names = [f"{role} {version}" for role, version in versions.items()]
    bins = [name for name in names if name.startswith("archive-")]
    if len(bins) > _MAX_BINS:
        names = [f"{len(bins)} bins of the archive", *(name for name in names if name not in bins)]
    return [f"published: {printable(', '.join(names))}"]


def published_versions(published: "Published") -> dict[str, int]:
    """Returns the version of each role that a publication wrote, or kept in the case of the snapshot."""
    return {
        **published.roles,
        "snapshot": published.snapshot,
        "timestamp": published.timestamp,
    }


def published_document(published: "Published | None") -> dict[str, Any]:
    """Returns a publication as JSON."""
    return {"schema": PUBLISHED, "roles": _roles(published)}


def _roles(published: "Published | None") -> list[dict[str, Any]]:
    """Returns the roles of a publication; none without one."""
    return [
        {"role": role, "version": version}
        for role, version in (published_versions(published).items() if published else ())
    ]


def added_lines(addition: "Addition") -> list[str]:
    """Returns the bundles that were added, as lines, and what devices do with them."""
    lines = []
    for each in addition.added:
        state = "added as" if each.is_new else "is published already as"
        if each.restored:
            state = "was missing, and is restored as"
        lines.append(
            f"{each.entry.product} {each.entry.version}: {state} {each.path}, {each.length} bytes"
        )
        if each.fleet and each.is_new:
            lines += ["devices in the field:", *table(each.fleet)]
    lines += [f"moved to the archive: {path}" for path in addition.archived]
    if addition.published is None:
        return [*map(printable, lines), "nothing is new; nothing is published"]
    return [*map(printable, lines), *published_lines(addition.published)]


def added_document(addition: "Addition") -> dict[str, Any]:
    """Returns the bundles that were added as JSON."""
    return {
        "schema": ADDED,
        "added": [
            {
                "product": each.entry.product,
                "version": each.entry.version,
                "release_counter": each.entry.counter,
                "release": each.entry.release,
                "base": each.entry.base or None,
                "path": each.path,
                "length": each.length,
                "sha256": each.sha256,
                "new": each.is_new,
                "restored": each.restored,
                "devices": describe(each.fleet)["devices"],
            }
            for each in addition.added
        ],
        "archived": addition.archived,
        "roles": _roles(addition.published),
    }


def rollout_of(rollout: "Rollout") -> dict[str, Any]:
    """Returns the rules for a release as JSON."""
    return {
        "release": rollout.release,
        "bands": [
            {"percent": each.percent, "not_before": format_date(each.not_before)}
            for each in rollout.bands
        ],
        "halted": rollout.halted,
        "reason": rollout.reason or None,
    }


def rollout_text(rollout: "Rollout | None") -> str:
    """Returns the rules for a release as one line."""
    if rollout is None:
        return "no rollout rules: only people who ask install it"
    bands = ", ".join(
        f"{each.percent} % from {format_date(each.not_before)}" for each in rollout.bands
    )
    text = bands or "no bands: only people who ask install it"
    return f"halted ({printable(rollout.reason)}); {text}" if rollout.halted else text


def rollout_lines(version: str, changed: "Changed") -> list[str]:
    """Returns the new rules for a release as lines."""
    rollout = next((each for each in changed.rollouts if each.release == changed.release), None)
    return [f"{printable(version)}: {rollout_text(rollout)}", *published_lines(changed.published)]


def rollout_document(changed: "Changed") -> dict[str, Any]:
    """Returns the new rules of a channel as JSON."""
    return {
        "schema": ROLLOUT,
        "release": changed.release,
        "rollouts": [rollout_of(each) for each in changed.rollouts],
        "roles": _roles(changed.published),
    }


def attached_lines(attached: "Attached") -> list[str]:
    """Returns attachments that were published as lines."""
    lines = [
        f"{'attached' if is_new else 'is attached already'}: {path}"
        for path, is_new in attached.paths.items()
    ]
    if attached.published is None:
        return [*map(printable, lines), "nothing is new; nothing is published"]
    return [*map(printable, lines), *published_lines(attached.published)]


def attached_document(attached: "Attached") -> dict[str, Any]:
    """Returns attachments that were published as JSON."""
    return {
        "schema": ATTACHED,
        "release": attached.release,
        "attachments": [{"path": path, "new": is_new} for path, is_new in attached.paths.items()],
        "roles": _roles(attached.published),
    }


def withdrawn_lines(version: str, withdrawn: "Withdrawn") -> list[str]:
    """Returns a withdrawal as lines."""
    lines = [f"not offered any more: {path}" for path in withdrawn.paths]
    lines.append(
        f"{version}: cannot be recalled from devices that have installed it; publish a newer release for them"
    )
    return [*map(printable, lines), *published_lines(withdrawn.published)]


def withdrawn_document(withdrawn: "Withdrawn") -> dict[str, Any]:
    """Returns a withdrawal as JSON."""
    return {
        "schema": WITHDRAWN,
        "release": withdrawn.release,
        "paths": withdrawn.paths,
        "roles": _roles(withdrawn.published),
    }


def missing_lines(missing: "list[Missing]") -> list[str]:
    """Returns the signatures that a root lacks, as lines."""
    if not missing:
        return ["all signatures are there"]
    return [
        f"missing: {each.number} of the keys of root version {each.root_version}: "
        + ", ".join(key_id[:_DIGITS] for key_id in each.key_ids)
        for each in missing
    ]
