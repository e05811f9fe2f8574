"""Warnings on standard error."""

import sys
from collections.abc import Sequence

from software_update.base.errors import printable

# The number of files that a warning names.
_NAMED = 16


def warn(text: str) -> None:
    """Prints one line. `text` is what an error would say: the place, what is wrong, what to do."""
    print(f"software-update: warning: {printable(text)}", file=sys.stderr)


def warn_of_other_signatures(paths: Sequence[str]) -> None:
    """Names the signature files that were left out because they sign other metadata."""
    if paths:
        more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
        warn(f"signatures of other metadata, left out: {', '.join(paths[:_NAMED])}{more}")
