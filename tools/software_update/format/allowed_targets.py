"""The allowed targets of a root: the names that targets metadata under it may list.

An entry is a target name, or a prefix that ends in /* and allows every name below it, at any depth. A list
without entries allows all names. Names are compared byte by byte.
"""

from collections.abc import Sequence

from software_update.base.errors import shown
from software_update.format.limits import MAX_ALLOWED_TARGET_BYTES, MAX_ALLOWED_TARGETS
from software_update.format.names import USER_MANIFEST, name_problem

_ALL_BELOW = "/*"


def list_problem(entries: Sequence[str]) -> str | None:
    """Returns what is wrong with a list of allowed targets, or None if the list is valid."""
    if len(entries) > MAX_ALLOWED_TARGETS:
        return f"{len(entries)} allowed targets; at most {MAX_ALLOWED_TARGETS}"
    for index, entry in enumerate(entries):
        problem = "appears twice" if entry in entries[:index] else _entry_problem(entry)
        if problem:
            return f"the allowed target '{shown(entry)}' {problem}"
    return None


def _entry_problem(entry: str) -> str | None:
    """Returns the fault of an entry, as half a sentence, or None if the entry is valid."""
    if len(entry.encode("utf-8", "surrogatepass")) > MAX_ALLOWED_TARGET_BYTES:
        return f"is longer than {MAX_ALLOWED_TARGET_BYTES} bytes"
    if entry == _ALL_BELOW:
        return "has no name before its '/*'"
    name = entry.removesuffix(_ALL_BELOW)
    if "*" in name:
        return "has a '*' that is not in a '/*' at its end"
    return name_problem(name)


def is_allowed(name: str, entries: Sequence[str]) -> bool:
    """Says whether a root with these entries allows a target of this name."""
    if not entries or name == USER_MANIFEST:
        return True
    return any(
        name.startswith(entry[:-1]) if entry.endswith(_ALL_BELOW) else name == entry
        for entry in entries
    )
