"""Boot loaders that start the first slot of a list that has starts left, and count each start.

RAUC's conventions for U-Boot and GRUB are of this kind. A subclass knows the variables and the program that
sets them.
"""

import abc
import re
from collections.abc import Mapping, Sequence

from software_update.base.errors import shown
from software_update.client.boot_control import BootError, BootStatus, SlotState
from software_update.client.system import Storage

# The slot that has not been confirmed: the other variables are the same for a good slot. Boot loaders and
# RAUC ignore it.
TRYING = "software_update_trying"
_SLOT_NAME = re.compile(r"[A-Za-z0-9_]+")


class OrderedBoot(abc.ABC):
    """Boot control through the variables of such a boot loader.

    `slots` are the names of the slots, `tries` the number of starts that a slot gets, `order` the variable
    with the list, and `place` the file that errors name.
    """

    slots: Sequence[str]
    tries: int
    order: str

    @property
    @abc.abstractmethod
    def place(self) -> str: ...

    @abc.abstractmethod
    def running(self) -> str:
        """Returns the slot that runs. Raises BootError."""

    @abc.abstractmethod
    def read(self) -> dict[str, str]:
        """Returns all variables. Raises BootError."""

    @abc.abstractmethod
    def write(self, changes: Mapping[str, str]) -> None:
        """Sets variables in one write; an empty value may delete one. Raises BootError."""

    @abc.abstractmethod
    def sync(self) -> None:
        """Returns when what was written is on the medium. Raises BootError."""

    @abc.abstractmethod
    def left(self, variables: Mapping[str, str], slot: str) -> int:
        """Returns the number of starts that a slot has left."""

    @abc.abstractmethod
    def with_left(self, slot: str, left: int) -> Mapping[str, str]:
        """Returns the variables that give a slot a number of starts, from 0 to `tries`."""

    def listed(self, variables: Mapping[str, str]) -> list[str]:
        """Returns the slots that may start; all slots if the list is missing, as in boot scripts."""
        return variables.get(self.order, "").split() or list(self.slots)

    def check(self) -> list[str]:
        """Returns the problems of the names, the variables and the command line."""
        found = [
            f"slot '{shown(slot)}': use letters, digits and _ only"
            for slot in self.slots
            if not _SLOT_NAME.fullmatch(slot)
        ]
        if len(set(self.slots)) != len(self.slots) or len(self.slots) < 2:
            found.append("slots: name two or more different slots")
        if self.tries < 1:
            found.append(f"tries: is {self.tries}; use 1 or more")
        try:
            self.status()
        except OSError as error:
            found.append(str(error))
        return found

    def status(self) -> BootStatus:
        """Reads the variables, and which slot runs."""
        booted = self.running()
        variables = self.read()
        startable = [slot for slot in self.listed(variables) if self.left(variables, slot) > 0]
        states = {slot: self._state(variables, slot, booted) for slot in self.slots}
        return BootStatus(booted, startable[0] if startable else None, states)

    def mark_unbootable(self, slot: str) -> None:
        """Takes the slot out of the list, and all its starts.

        Raises BootError if no other slot is in the list: the boot loader would use its defaults.
        """
        variables = self.read()
        listed = [each for each in self.listed(variables) if each != slot]
        if not listed:
            raise BootError(
                f"{self.place}: no slot other than '{slot}' is in {self.order}, so nothing would start; "
                "confirm another slot first"
            )
        changes = {self.order: " ".join(listed), **self.with_left(slot, 0)}
        if not any(self.left(variables, each) for each in listed):
            changes |= self.with_left(listed[0], self.tries)
        if variables.get(TRYING) == slot:
            changes[TRYING] = ""
        self._change(variables, changes)

    def try_slot(self, slot: str) -> None:
        """Puts the slot before the running one in the list, with all tries for both."""
        booted = self.running()
        variables = self.read()
        # A recovery system runs outside of all slots.
        first = (slot, booted) if booted else (slot,)
        changes = {self.order: self._list_from(variables, *first), TRYING: slot}
        for each in first:
            changes |= self.with_left(each, self.tries)
        self._change(variables, changes)

    def confirm(self, slot: str) -> None:
        """Puts the running slot first in the list, with all tries."""
        if slot != self.running():
            raise BootError(f"slot '{slot}': does not run; only the running slot can be confirmed")
        variables = self.read()
        changes = {self.order: self._list_from(variables, slot)}
        changes |= self.with_left(slot, self.tries)
        if variables.get(TRYING) == slot:
            changes[TRYING] = ""
        self._change(variables, changes)

    def _list_from(self, variables: Mapping[str, str], *first: str) -> str:
        """Returns the list with the slots `first` before all others."""
        return " ".join(dict.fromkeys((*first, *self.listed(variables))))

    def _state(self, variables: Mapping[str, str], slot: str, booted: str) -> SlotState:
        if slot not in self.listed(variables):
            return SlotState.UNBOOTABLE
        if self.left(variables, slot) == 0 and slot != booted:  # which may run by its last start
            return SlotState.EXHAUSTED
        return SlotState.TRYING if variables.get(TRYING) == slot else SlotState.GOOD

    def _change(self, variables: Mapping[str, str], changes: Mapping[str, str]) -> None:
        """Changes variables unless all have their values, and reads them back."""
        if all(variables.get(name, "") == value for name, value in changes.items()):
            # A client that was killed may have written them and not synced.
            self.sync()
            return
        self.write(changes)
        written = self.read()
        for name, value in changes.items():
            if written.get(name, "") != value:
                raise BootError(
                    f"{self.place}: {name} is '{shown(written.get(name, ''))}' after it was set to "
                    f"'{value}'; correct the configuration, or replace the worn memory"
                )
        self.sync()


def sync_file(storage: Storage, path: str) -> None:
    """Returns when a file or block device is on the medium. Raises BootError."""
    try:
        file = storage.open(path)
        try:
            file.sync()
        finally:
            file.close()
    except OSError as error:
        raise BootError(f"{path}: cannot be synced ({error.strerror})") from error
