"""The differences of two releases as lines, from the report on them."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from software_update.base.text import readable

_SHOWN = 10
NOT_VERIFIED = "NOT VERIFIED: no signature was checked; add --trusted-root FILE"


def diff_lines(report: dict[str, Any], old: str, new: str) -> Iterator[str]:
    """Yields the lines of a report. `old` and `new` are the paths of the two files.

    A build writes the same lines in each folder, so they contain only the names of the files.
    """
    old, new = (readable(os.path.basename(each)) for each in (old, new))
    if report["verified"]:
        yield f"verified: a device that runs {old} accepts {new}"
    else:
        yield NOT_VERIFIED
    yield _release("old", old, report["old"])
    yield _release("new", new, report["new"])
    for each in report["not_checked"]:
        yield f"not checked: {readable(each)}"
    if not report["differ"]:
        yield "no differences"
        return
    yield from _blast_radius(report["blast_radius"])
    yield from _changes("fields", report["fields"])
    for each in report["signers"]:
        signed = "signs now" if each["change"] == "added" else "does not sign any more"
        yield f"signatures: {each['key_id']} {signed}"
    yield from target_lines(report)


def _release(which: str, name: str, release: dict[str, Any]) -> str:
    kind = "" if release["kind"] == "bundle" else "installed manifest, "
    names = ""
    if release["product"] is not None:
        names = (
            f"{readable(release['product'])} {readable(release['version'])}, "
            f"release counter {release['release_counter']}, "
        )
    root = "unknown root" if release["root_version"] is None else f"root {release['root_version']}"
    return (
        f"{which}: {name}: {kind}{names}{root}, targets {release['targets_version']}, "
        f"release digest {release['release_digest']}"
    )


# The blast radius


def _blast_radius(radius: dict[str, Any]) -> Iterator[str]:
    if radius["boot_loader_targets"]:
        yield (
            "warning: changes the boot loader together with other parts: "
            f"{_names(radius['boot_loader_targets'])}"
        )
    if radius["unclaimed"]:
        yield (
            "warning: changes targets about which the vendor claims nothing: "
            f"{_names(radius['unclaimed'])}"
        )
    yield from _claims(radius)
    yield from _section(
        "cannot be undone",
        (f"{each['kind']} {readable(each['name'])}" for each in radius["no_way_back"]),
    )
    yield from _keys(radius)


def _claims(radius: dict[str, Any]) -> Iterator[str]:
    yield from _section(
        "components, as the vendor claims",
        (
            f"{each['change']} {readable(each['component'])} ({readable(each['area'])})"
            f"{': ' if each['targets'] else ''}{_names(each['targets'])}"
            for each in radius["components"]
        ),
    )
    since = "" if radius["claimed_before"] else "; the old release claims nothing"
    yield from _section(
        f"powers gained, as the vendor claims{since}",
        (
            f"{readable(each['component'])}: {readable(each['word'])}"
            for each in radius["powers_gained"]
        ),
    )
    for name, title in (("confinement", "confinement"), ("areas", "areas of targets")):
        yield from _section(
            f"{title}, as the vendor claims",
            (
                f"{readable(each['target'])}: {each['old']} -> {each['new']}"
                for each in radius[name]
            ),
        )


def _keys(radius: dict[str, Any]) -> Iterator[str]:
    if radius["key_changes"] is None:
        yield "keys: not compared: a root is not at hand"
        return
    lines = [
        f"{each['change']} {each['role']} key {each['key_id']}" for each in radius["key_changes"]
    ]
    lines += [
        f"{each['role']} threshold: {each['old']} -> {each['new']}"
        for each in radius["threshold_changes"]
    ]
    yield from _section("keys", lines)


def _names(names: list[str]) -> str:
    more = len(names) - _SHOWN
    first = ", ".join(readable(each) for each in names[:_SHOWN])
    return f"{first} and {more} more" if more > 0 else first


# Fields and targets


def _changes(title: str, fields: list[dict[str, Any]]) -> Iterator[str]:
    yield from _section(
        title,
        (
            f"{each['field'].replace('.', ' ').replace('_', ' ')}: "
            f"{_value(each['old'])} -> {_value(each['new'])}"
            for each in fields
        ),
    )


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return readable(", ".join(value) if isinstance(value, list) else str(value))


def target_lines(report: dict[str, Any]) -> Iterator[str]:
    """Yields the lines of a report about targets: how many changed, and the changes of each."""
    counts = [
        f"{sum(each['change'] == change for each in report['targets'])} {change}"
        for change in ("added", "removed", "changed")
    ]
    yield f"targets: {', '.join(counts)}, {report['unchanged_targets']} unchanged"
    for each in report["targets"]:
        old, new = each["old"], each["new"]
        name = f"  {each['change']} {readable(each['name'])}"
        if old is None or new is None:
            only = old or new
            yield f"{name}: {only['length']} bytes, sha256 {only['sha256']}"
            continue
        yield f"{name}: {old['length']} -> {new['length']} bytes"
        yield f"    sha256 {old['sha256']} -> {new['sha256']}"
        if each["same_content"]:
            yield "    the same content, compressed in another way"
        else:
            yield from _difference(each["difference"])


def _difference(difference: dict[str, Any]) -> Iterator[str]:
    if difference["note"]:
        format_ = difference["format"].replace("_", " ")
        yield f"    {format_}{': ' if format_ else ''}{difference['note']}"
        return
    yield f"    {difference['format'].replace('_', ' ')}:"
    for line in difference["lines"]:
        yield f"      {readable(line)}"
    if difference["left_out"]:
        yield f"      ... and {difference['left_out']} more lines"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yields a title and its lines, nothing without lines."""
    for index, line in enumerate(lines):
        if index == 0:
            yield f"{title}:"
        yield f"  {line}"
