"""Describes a repository, the result of a check, and pruned objects: as JSON, and as lines for people."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from software_update.base.dates import format_date
from software_update.base.errors import printable
from software_update.cli.repository.text import rollout_of, rollout_text

if TYPE_CHECKING:
    from software_update.format.rollout import Rollout
    from software_update.repository.check import Expiry, Report
    from software_update.repository.storage import Listed
    from software_update.repository.survey import Channel, Survey

STATUS = "software_update.repository_status.v1"
CHECK = "software_update.repository_check.v1"
PRUNED = "software_update.repository_pruned.v1"
# `repository refresh` renews these from a timer, so they always expire soon.
_BY_TIMER = ("snapshot", "timestamp")


def _expiry(each: "Expiry") -> dict[str, Any]:
    return {"role": each.role, "version": each.version, "expires": format_date(each.expires)}


def status_document(found: "Survey") -> dict[str, Any]:
    """Returns the content of a repository as JSON."""
    return {
        "schema": STATUS,
        "roles": [_expiry(each) for each in found.expiries],
        "channels": [_channel(each) for each in found.channels],
    }


def _channel(channel: "Channel") -> dict[str, Any]:
    return {
        "product": channel.product,
        "channel": channel.channel,
        "bundles": [
            {
                "path": each.path,
                "length": each.length,
                "sha256": each.sha256,
                "version": each.entry.version,
                "release_counter": each.entry.counter,
                "minimum_release_counter": each.entry.minimum_counter,
                "release": each.entry.release,
                "base": each.entry.base or None,
                "kind": each.entry.kind,
                "severity": each.entry.severity,
                "hardware_ids": list(each.entry.hardware_ids),
            }
            for each in channel.bundles
        ],
        "rollouts": [rollout_of(each) for each in channel.rollouts],
    }


def status_lines(found: "Survey") -> Iterable[str]:
    """Yields the content of a repository as lines."""
    for channel in found.channels:
        rules = {each.release: each for each in channel.rollouts}
        yield printable(f"{channel.product} {channel.channel}:")
        yield from _release_lines(channel, rules)
    for each in found.expiries:
        yield printable(f"{each.role} version {each.version} expires {format_date(each.expires)}")


def _release_lines(channel: "Channel", rules: "dict[str, Rollout]") -> Iterable[str]:
    for each in channel.bundles:
        entry = each.entry
        if entry.base:
            base = next(
                (
                    other.entry.version
                    for other in channel.bundles
                    if other.entry.release == entry.base
                ),
                entry.base[:16],
            )
            yield printable(f"  {entry.version} for devices with {base}: {each.length} bytes")
            continue
        minimum = f", needs {entry.minimum_counter}" if entry.minimum_counter else ""
        about = f"counter {entry.counter}{minimum}, {each.length} bytes"
        yield printable(f"  {entry.version}: {about}; {rollout_text(rules.get(entry.release))}")


def check_document(found: "Report", now: int, within: int) -> dict[str, Any]:
    """Returns the result of a check as JSON, at a time in seconds since 1970."""
    return {
        "schema": CHECK,
        "at": format_date(now),
        "within_seconds": within,
        "expiring": [
            {**_expiry(each), "expired": each.expires <= now}
            for each in found.expiring(now, within)
        ],
        "problems": [{"place": each.place, "problem": each.text} for each in found.problems],
        "roles": len(found.expiries),
        "objects": found.objects,
        "bytes": found.bytes,
    }


def check_lines(document: dict[str, Any]) -> Iterable[str]:
    """Yields the result of a check as lines."""
    for each in document["problems"]:
        yield printable(f"{each['place']}: {each['problem']}")
    for each in document["expiring"]:
        verb = "expired" if each["expired"] else "expires"
        yield printable(f"{each['role']} version {each['version']} {verb} {each['expires']}")
    yield (
        f"checked {document['roles']} roles, and {document['objects']} target files of "
        f"{document['bytes']} bytes"
    )


def alarms(document: dict[str, Any]) -> str:
    """Returns what a person must do after a check, as one line; empty if nothing."""
    found = []
    if document["problems"]:
        found.append(f"problems: {len(document['problems'])}; restore what is listed above")
    expired = [each["role"] for each in document["expiring"] if each["expired"]]
    soon = [
        each["role"]
        for each in document["expiring"]
        if not each["expired"] and each["role"] not in _BY_TIMER
    ]
    if expired:
        found.append(f"expired: {_some(expired)}; run: {_remedy(expired)}")
    if soon:
        found.append(f"expires soon: {_some(soon)}; run: {_remedy(soon)}")
    return printable("; ".join(found))


def _some(roles: Sequence[str]) -> str:
    more = f" and {len(roles) - 3} more" if len(roles) > 3 else ""
    return ", ".join(roles[:3]) + more


def _remedy(roles: Sequence[str]) -> str:
    if "root" in roles:
        return "repository root-create"
    only_timer = all(each in _BY_TIMER for each in roles)
    return "repository refresh" if only_timer else "repository renew"


def pruned_document(found: "Sequence[Listed]", *, removed: bool) -> dict[str, Any]:
    """Returns the objects that were removed, or would be, as JSON."""
    return {
        "schema": PRUNED,
        "removed": removed,
        "objects": [
            {"name": each.name, "length": each.length, "written": format_date(each.written)}
            for each in found
        ],
    }


def pruned_lines(found: "Sequence[Listed]", *, removed: bool) -> Iterable[str]:
    """Yields the objects that were removed, or would be, as lines."""
    verb = "removed" if removed else "would remove"
    for each in found:
        yield printable(f"{verb} {each.name}")
    yield f"{verb} {len(found)} objects, {sum(each.length for each in found)} bytes"
