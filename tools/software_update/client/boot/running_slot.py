"""The slot that runs, from the command line of the kernel."""

import re
from collections.abc import Collection

from software_update.base.errors import shown
from software_update.client.boot_control import BootError
from software_update.client.system import Storage

COMMAND_LINE = "/proc/cmdline"
NO_SLOT = "none"
_SLOT = re.compile(r"(?:^|\s)(?:software_update|rauc)\.slot=(\S+)")
_MAX_BYTES = 1 << 16


def running_slot(storage: Storage, slots: Collection[str], configured: str | None = None) -> str:
    """Returns `configured`, or the slot that the kernel's command line names, such as `rauc.slot=A`.

    The last one counts, because boot loaders append. A recovery system outside of all slots says `none`:
    then the result is empty. Raises BootError for any other name that is not one of `slots`.
    """
    place, booted = "booted", configured
    if booted is None:
        place, booted = COMMAND_LINE, named_slot(storage) or ""
    if booted in slots:
        return booted
    if booted == NO_SLOT:
        return ""
    problem = (
        f"slot '{shown(booted)}' is not one of {', '.join(slots)}" if booted else "names no slot"
    )
    advice = "let the boot script add software_update.slot=SLOT to the kernel's command line"
    raise BootError(f"{place}: {problem}; {advice}")


def named_slot(storage: Storage) -> str | None:
    """Returns the slot that the kernel's command line names, as it is there; None if it names none.

    Raises BootError if it cannot be read.
    """
    named = _SLOT.findall(read_text(storage, COMMAND_LINE))
    return str(named[-1]) if named else None


def read_text(storage: Storage, path: str) -> str:
    """Returns the text in a small file. Raises BootError if it cannot be read."""
    try:
        file = storage.open(path)
        try:
            return file.read(0, _MAX_BYTES).decode(errors="replace")
        finally:
            file.close()
    except OSError as error:
        raise BootError(f"{path}: cannot be read ({error.strerror})") from error
