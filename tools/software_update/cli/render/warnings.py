"""Warnings on standard error."""

import sys

from software_update.base.errors import printable


def warn(text: str) -> None:
    """Prints one line. `text` is what an error would say: the place, what is wrong, what to do."""
    print(f"software-update: warning: {printable(text)}", file=sys.stderr)
