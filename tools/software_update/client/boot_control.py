"""The interface of boot control, which says and decides which slot starts."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


class BootError(OSError):
    """The boot loader's state cannot be read or written, with the place and the reason in one line."""


class SlotState(enum.Enum):
    """The state of a slot, as the boot loader keeps it."""

    UNBOOTABLE = "unbootable"
    """The boot loader never starts it: nothing there, or not verified."""
    TRYING = "trying"
    """It starts next, a limited number of times, and has not been confirmed."""
    EXHAUSTED = "exhausted"
    """It has been tried as often as allowed, without confirmation, and does not start any more."""
    GOOD = "good"
    """It has been confirmed."""


@dataclass(frozen=True, slots=True)
class BootStatus:
    """The answer of the boot loader.

    `booted` is the slot that is running, empty for a recovery system outside of all slots. `primary` is the
    one that starts next, None if no slot can.
    """

    booted: str
    primary: str | None
    slots: Mapping[str, SlotState]


class BootControl(Protocol):
    """The boot loader of a device with two or more slots, of which one is running.

    After a power cut, its answer is the truth about which slot runs. Every method that changes something
    reads it back and raises BootError if the boot loader did not keep it. Every method may be called again
    after a power cut in its middle, and changes all that it changes in one write where the boot loader can.

        boot.mark_unbootable("B")       # before the first byte is written into B
        boot.try_slot("B")              # B is verified: the next start tries it
        status = boot.status()          # after the restart: booted B, or fallen back to A
        boot.confirm("B")               # healthy: B stays
    """

    def check(self) -> list[str]:
        """Returns the problems of its configuration; an empty list if it is usable."""

    def warnings(self) -> list[str]:
        """Returns weaknesses with which it works, such as an environment without a second copy."""

    def status(self) -> BootStatus:
        """Reads which slot runs, and the state of each."""

    def mark_unbootable(self, slot: str) -> None:
        """The boot loader does not start `slot` any more. Another good slot stays or becomes primary."""

    def try_slot(self, slot: str) -> None:
        """The boot loader starts `slot` next, a few times at most, and otherwise the one that runs now."""

    def confirm(self, slot: str) -> None:
        """Makes the running `slot` the good and primary one. The other slots keep their states.

        The client also calls it when it starts in a good slot, for boot loaders that count every start.
        """


@runtime_checkable
class CountsStarts(Protocol):
    """A boot control that counts the starts of a part of the device itself, because no boot loader does."""

    def started(self) -> bool:
        """Call it after each start of the part. Returns whether it must be restarted, into another slot."""

    def client_started(self, boot_id: str) -> bool:
        """Call it when the client starts. It counts a start if `boot_id` shows that the machine has started.

        Returns whether the part must be restarted, into another slot.
        """


@runtime_checkable
class RestartsPart(Protocol):
    """A boot control that restarts its part of the device itself, if the domain has no program for it."""

    def restart(self) -> None:
        """Restarts the part, which the client outlives, and returns when it runs. Raises BootError."""
