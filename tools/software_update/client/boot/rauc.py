"""RAUC's service, over D-Bus, for devices on which it owns the boot loader.

RAUC knows two states of a slot, `good` and `bad`. A record has the rest, with one mark for each slot:

- `activating`: RAUC is about to activate the slot. After a power cut, it may not have done so.
- `trying`: RAUC has activated the slot, which has not been confirmed.
- `unbootable`: the client has given the slot up. Without this mark, a running slot that RAUC calls bad counts
  as good: boot loaders count its start, and the next confirmation takes that back.

`busctl` of systemd 240 or later calls the service. The source of the interface is RAUC's reference manual,
"D-Bus API".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from software_update.base.errors import shown
from software_update.base.strict_json import parse_object, to_text
from software_update.client.boot.programs import run_program
from software_update.client.boot_control import BootError, BootStatus, SlotState
from software_update.client.paths import naming, read_whole, write_whole
from software_update.client.system import System

_SERVICE = "de.pengutronix.rauc"
_INTERFACE = f"{_SERVICE}.Installer"
_ACTIVATING, _TRYING, _UNBOOTABLE = "activating", "trying", "unbootable"
_MARKS = (_ACTIVATING, _TRYING, _UNBOOTABLE)
_MAX_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class _Found:
    """The answers of RAUC: the slots that run and start next, and those that it calls good."""

    booted: str
    primary: str | None
    good: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rauc:
    """Boot control through RAUC's service.

    `names` has RAUC's name of each slot. `record` is a file that no slot contains; its
    folder must exist. RAUC's own configuration
    has the number of times that an unconfirmed slot starts.

        Rauc(system, {"A": "rootfs.0", "B": "rootfs.1"}, "/var/lib/software_update/rauc_main.json")
    """

    system: System
    names: Mapping[str, str]
    record: str

    def check(self) -> list[str]:
        """Returns the problems of the service, of the names, and of the record."""
        try:
            self.status()
        except OSError as error:
            return [str(error)]
        return []

    def warnings(self) -> list[str]:
        """Returns none: RAUC does not say how the boot loader stores its variables."""
        return []

    def status(self) -> BootStatus:
        """Reads RAUC's states, and the record."""
        found, marks = self._read(), self._marks()
        states = {slot: _state(found, slot, marks.get(slot)) for slot in self.names}
        return BootStatus(found.booted, found.primary, states)

    def mark_unbootable(self, slot: str) -> None:
        """Marks the slot as bad. Raises BootError if no other slot would start."""
        found, marks = self._read(slot), self._marks()
        rest = [each for each in (found.booted, *self.names) if each in found.good - {slot}]
        if not rest and slot != found.booted and marks.get(found.booted) != _UNBOOTABLE:
            self._mark_good(found.booted)
            rest = [found.booted]
        if not rest:
            raise BootError(
                f"RAUC: no slot other than '{slot}' is good, so nothing would start; "
                "confirm another slot first"
            )
        self._mark("bad", slot)
        if self._read().primary == slot:
            # UEFI still starts it once, through BootNext.
            self._mark("active", rest[0])
        self._keep(slot, _UNBOOTABLE)
        found = self._read()
        if slot in found.good or found.primary == slot:
            raise self._not_kept("bad", slot)

    def try_slot(self, slot: str) -> None:
        """Activates the slot. The running one gets all its starts, unless it was given up."""
        found, marks = self._read(slot), self._marks()
        self._keep(slot, _ACTIVATING)
        if found.booted != slot and marks.get(found.booted) != _UNBOOTABLE:
            self._mark_good(found.booted)
        self._mark("active", slot)
        self._keep(slot, _TRYING)
        if self._read().primary != slot:
            raise self._not_kept("active", slot)

    def confirm(self, slot: str) -> None:
        """Marks the running slot as good, and activates it if another one is primary."""
        if slot != self._read().booted:
            raise BootError(f"slot '{slot}': does not run; only the running slot can be confirmed")
        self._mark_good(slot)
        if self._read().primary != slot:
            self._mark("active", slot)
        self._keep(slot, None)
        found = self._read()
        if slot not in found.good or found.primary != slot:
            raise self._not_kept("good", slot)

    def _mark_good(self, slot: str) -> None:
        """Marks a slot as good. For U-Boot, only activating puts a slot back into the order."""
        self._mark("good", slot)
        if slot not in self._read().good:
            self._mark("active", slot)

    def _mark(self, state: str, slot: str) -> None:
        self._call("Mark", "ss", state, self.names[slot])

    def _not_kept(self, state: str, slot: str) -> BootError:
        return BootError(
            f"RAUC: does not show slot '{slot}' as {state} after it was marked so; "
            "check its settings of the boot loader in system.conf"
        )

    def _read(self, slot: str | None = None) -> _Found:
        """Returns RAUC's answers. `slot` is one that must exist."""
        if slot is not None and slot not in self.names:
            raise BootError(f"slot '{slot}': is not one of {', '.join(self.names)}")
        slots = self._slots()
        booted = [each for each, values in slots.items() if values.get("state") == "booted"]
        if len(booted) != 1:
            names = ", ".join(self.names.values())
            raise BootError(f"RAUC: not exactly one slot of {names} is booted; correct 'names'")
        good = frozenset(
            each for each, values in slots.items() if values.get("boot-status") == "good"
        )
        return _Found(booted[0], self._primary(good), good)

    def _slots(self) -> dict[str, dict[str, object]]:
        """Returns RAUC's values for each slot. Raises BootError if the boot loader has no such slot."""
        try:
            known = {
                name: {key: value["data"] for key, value in values.items()}
                for name, values in self._call("GetSlotStatus")
            }
        except (TypeError, ValueError, KeyError, AttributeError):
            raise _unknown_answer("GetSlotStatus") from None
        for slot, name in self.names.items():
            if "bootname" not in known.get(name, {}):
                raise BootError(
                    f"RAUC: slot '{slot}' is {shown(name)} in 'names', which is not a slot with a bootname; "
                    "use a name that 'rauc status' lists"
                )
        return {slot: known[name] for slot, name in self.names.items()}

    def _primary(self, good: frozenset[str]) -> str | None:
        """Returns the slot that starts next. RAUC has an error instead of an answer if there is none."""
        try:
            name = self._call("GetPrimary")
        except BootError:
            if good:
                raise
            return None
        return next((slot for slot, each in self.names.items() if each == name), None)

    def _call(self, method: str, *words: str) -> Any:
        """Calls a method, and returns the first value of its answer."""
        output = run_program(
            self.system,
            ["busctl", "--json=short", "call", _SERVICE, "/", _INTERFACE, method, *words],
            if_missing="install it (Debian and Yocto: systemd)",
            if_failed="check RAUC's service: systemctl status rauc",
        )
        try:
            return parse_object(output)["data"][0]
        except (TypeError, ValueError, KeyError, IndexError):
            raise _unknown_answer(method) from None

    def _marks(self) -> dict[str, str]:
        with naming(self.record, BootError):
            content = read_whole(self.system.storage, self.record, _MAX_BYTES)
        try:
            marks = parse_object(content or b"{}")
        except ValueError:
            marks = {"": None}
        if any(mark not in _MARKS for mark in marks.values()):
            raise BootError(
                f"{self.record}: is not a record of slots; remove it, and RAUC's states count"
            )
        return marks

    def _keep(self, slot: str, mark: str | None) -> None:
        """Writes the mark of a slot, and returns when it and RAUC's changes are on the medium."""
        before = self._marks()
        marks = {each: kept for each, kept in before.items() if each != slot}
        if mark is not None:
            marks[slot] = mark
        if marks != before:
            with naming(self.record, BootError):
                write_whole(self.system.storage, self.record, to_text(marks).encode())
        # The boot loader's variables may be in a file or a block device, which RAUC leaves in the cache.
        run_program(
            self.system,
            ["sync"],
            if_missing="install it (Debian: coreutils, Yocto: busybox)",
            if_failed="check the medium",
        )


def _state(found: _Found, slot: str, mark: str | None) -> SlotState:
    tried = mark in (_ACTIVATING, _TRYING)
    if slot in found.good or (tried and slot in (found.booted, found.primary)):
        return SlotState.TRYING if tried else SlotState.GOOD
    if slot == found.booted and mark is None:
        return SlotState.GOOD
    return SlotState.EXHAUSTED if mark == _TRYING else SlotState.UNBOOTABLE


def _unknown_answer(method: str) -> BootError:
    return BootError(
        f"busctl: the answer of {method} has an unknown form; use systemd 240 or later, and RAUC 1.15"
    )
