"""The grammar of target names. A name is never a path until it has passed here."""

import re
from collections.abc import Iterable

from software_update.format.limits import MAX_NAME_BYTES

# The target whose content a device hands to the product before it installs.
USER_MANIFEST = "user_manifest"

# Next to X.bundle are the proof X.bundle.tlog-proof and the folder X.bundle.attachments.
PROOF = "tlog-proof"
ATTACHMENTS = "attachments"

_PART = re.compile(r"[A-Za-z0-9._+-]+")


def attachment_suffix(name: str) -> str:
    """Returns the end that the name of a bundle has, as a file or in a URL, for a file next to it."""
    return f".{PROOF}" if name == PROOF else f".{ATTACHMENTS}/{name}"


def name_problem(name: str) -> str | None:
    """Returns the fault of a target name, as half a sentence, or None if the name is valid."""
    if not name:
        return "is empty"
    if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        return f"is longer than {MAX_NAME_BYTES} bytes"
    for part in name.split("/"):
        if not part:
            return "has an empty part: no '/' at either end, and no two in a row"
        if part in (".", ".."):
            return f"has the part '{part}'"
        if not _PART.fullmatch(part):
            return "has characters other than A-Z a-z 0-9 . _ + - and /"
    return None


def clash(names: Iterable[str]) -> tuple[str, str] | None:
    """The first two names that are the same, or differ only in case; None when there are none."""
    seen: dict[str, str] = {}
    for name in names:
        folded = name.lower()
        if folded in seen:
            return seen[folded], name
        seen[folded] = name
    return None
