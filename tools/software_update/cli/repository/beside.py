"""The files that are published with a bundle: those that the user names, and those next to the bundle.

Next to X.bundle are the proof X.bundle.tlog-proof and the folder X.bundle.attachments.
"""

import os
import re
from collections.abc import Iterable, Sequence

from software_update.base.errors import UsageError, printable
from software_update.format.names import ATTACHMENTS, PROOF

# The name becomes a part of a URL, which TUF clients request as it is.
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


def files_with(bundle: str, named: Sequence[str]) -> dict[str, str]:
    """Returns the path of each file to publish with a bundle, by its name as an attachment.

    `named` are the paths that the user names. Raises UsageError for a name that cannot be published.
    """
    files = [(os.path.basename(each), each) for each in named]
    proof, folder = f"{bundle}.{PROOF}", f"{bundle}.{ATTACHMENTS}"
    if os.path.exists(proof):
        files.append((PROOF, proof))
    if os.path.isdir(folder):
        files += [(each, f"{folder}/{each}") for each in sorted(os.listdir(folder))]
    return checked(files)


def checked(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Returns paths by the names of their attachments. Raises UsageError for a name that is not valid."""
    found: dict[str, str] = {}
    for name, path in files:
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{printable(path)}: its name becomes a part of a URL; rename it to at most 100 letters, "
                "digits, '.', '_' and '-'"
            )
        if name in found:
            raise UsageError(
                f"{printable(path)}: has the same name as {printable(found[name])}; rename it"
            )
        found[name] = path
    return found
