"""Describes publications: as plain data for JSON, and as lines for people."""

from typing import TYPE_CHECKING, Any

from software_update.base.errors import printable

if TYPE_CHECKING:
    from software_update.repository.add import Addition
    from software_update.repository.publication import Published

ADDED = "software_update.repository_added.v1"
PUBLISHED = "software_update.repository_published.v1"


def published_lines(published: "Published") -> list[str]:
    """Returns the versions of a publication as lines."""
    names = [f"{role} {version}" for role, version in published_versions(published).items()]
    return [f"published: {printable(', '.join(names))}"]


def published_versions(published: "Published") -> dict[str, int]:
    """Returns the version of each role that a publication wrote, or kept in the case of the snapshot."""
    return {
        **published.roles,
        "snapshot": published.snapshot,
        "timestamp": published.timestamp,
    }


def published_document(published: "Published") -> dict[str, Any]:
    """Returns a publication as JSON."""
    return {"schema": PUBLISHED, "roles": _roles(published)}


def _roles(published: "Published") -> list[dict[str, Any]]:
    return [
        {"role": role, "version": version}
        for role, version in published_versions(published).items()
    ]


def added_lines(addition: "Addition") -> list[str]:
    """Returns the bundles that were added, as lines."""
    lines = []
    for each in addition.added:
        state = "added as" if each.is_new else "is published already as"
        lines.append(
            f"{each.entry.product} {each.entry.version}: {state} {each.path}, {each.length} bytes"
        )
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
            }
            for each in addition.added
        ],
        "archived": addition.archived,
        "roles": _roles(addition.published) if addition.published else [],
    }
