"""Describes when metadata expires and how to renew it, as plain data for JSON and as lines for people."""

from collections.abc import Iterable, Sequence
from typing import Any

from software_update.base.dates import format_date
from software_update.base.errors import printable
from software_update.verify.expiry import (
    EXPIRED,
    NEVER,
    SECONDS_PER_DAY,
    SOON,
    Dated,
    DatedFile,
)

SCHEMA = "software_update.expiry.v1"

_RENEW = {
    "targets": "make version {next} with a later date and sign it: version and expires of the "
    "software_update_bundle, or bundle create --version {next} --expires DATE",
    "root": "make version {next} with a later date; keys of version {version} must sign it, too: version, "
    "expires and previous of a software_update_root, or root create --version {next} --expires DATE",
}
# Devices check the expiry of the last root and of the targets metadata (TUF specification 5.3.10, 5.6.5).
ON_DEVICES = (
    "a device keeps the release that it runs, whatever has expired; it rejects every bundle whose last root "
    "or targets metadata has expired; it accepts a renewed bundle even if the root that it trusts has expired"
)


def describe(found: Sequence[DatedFile], at: int, within_days: int) -> dict[str, Any]:
    """Returns the report on files, as JSON has it, at the time `at`, in seconds since 1970."""
    return {
        "schema": SCHEMA,
        "at": format_date(at),
        "within_days": within_days,
        "files": [
            {
                "file": each.path,
                "kind": each.kind,
                "metadata": [_describe(dated, at, within_days) for dated in each.metadata],
            }
            for each in found
        ],
        "on_devices": ON_DEVICES,
    }


def expiring(report: dict[str, Any]) -> list[str]:
    """Returns what has expired or expires soon, such as `app.bundle: targets version 3`."""
    return [
        _name(file, each)
        for file in report["files"]
        for each in file["metadata"]
        if each["state"] in (EXPIRED, SOON)
    ]


def lines(report: dict[str, Any]) -> Iterable[str]:
    """Yields the report as lines of text."""
    for file in report["files"]:
        for each in file["metadata"]:
            yield f"{printable(_name(file, each))}: {_when(each)}"
            if each["renew"]:
                yield f"  to renew it, {each['renew']}"
    if any(each["state"] == EXPIRED for file in report["files"] for each in file["metadata"]):
        yield f"on devices: {report['on_devices']}"


def _describe(dated: Dated, at: int, within_days: int) -> dict[str, Any]:
    expires = dated.expires
    state = dated.state(at, within_days)
    renew = _RENEW[dated.role].format(version=dated.version, next=dated.version + 1)
    return {
        "role": dated.role,
        "version": dated.version,
        "expires": None if expires is None else format_date(expires),
        "days_left": None if expires is None else (expires - at) // SECONDS_PER_DAY,
        "state": state,
        "renew": renew if state in (EXPIRED, SOON) else None,
    }


def _name(file: dict[str, Any], each: dict[str, Any]) -> str:
    return f"{file['file']}: {each['role']} version {each['version']}"


def _when(each: dict[str, Any]) -> str:
    if each["state"] == NEVER:
        return "never expires"
    if each["state"] == EXPIRED:
        return f"expired on {each['expires']}"
    days = each["days_left"]
    return f"expires on {each['expires']}, in {days} {'day' if days == 1 else 'days'}"
