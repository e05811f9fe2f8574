"""A product's program as boot control. The protocol is `software_update.exec_boot.v1`."""

from collections.abc import Sequence

from software_update.client.boot_control import BootError, BootStatus, SlotState
from software_update.client.json_program import JsonProgram, texts
from software_update.client.system import System

PROTOCOL = "software_update.exec_boot.v1"


class ExecBoot:
    """Boot control through a program, for a boot loader that no other backend supports.

    `program` is a path and its arguments, and `timeout` in seconds. After each change, the status is read,
    and must show the change.

        ExecBoot(system, ["/usr/libexec/product-boot"], ["A", "B"])
    """

    def __init__(
        self, system: System, program: Sequence[str], slots: Sequence[str], *, timeout: float = 30.0
    ) -> None:
        self._program = JsonProgram(system.programs, program, PROTOCOL, timeout, BootError)
        self._slots = tuple(slots)

    def check(self) -> list[str]:
        """Returns the problems that the program reports, or the reason why it does not answer."""
        try:
            return self._check("problems")
        except BootError as error:
            return [str(error)]

    def warnings(self) -> list[str]:
        """Returns the weaknesses that the program reports."""
        return self._check("warnings")

    def status(self) -> BootStatus:
        """Returns the program's status. Raises BootError if it does not contain exactly the slots."""
        answer = self._ask("status")
        booted, primary = answer.get("booted"), answer.get("primary", False)
        if booted not in self._slots:
            raise self._program.wrong("status", "booted")
        if primary is not None and primary not in self._slots:
            raise self._program.wrong("status", "primary")
        found = _states(answer.get("slots"))
        if found is None or found.keys() != set(self._slots):
            raise self._program.wrong("status", "slots")
        return BootStatus(str(booted), None if primary is None else str(primary), found)

    def mark_unbootable(self, slot: str) -> None:
        """Runs the program, and compares the status."""
        self._ask("mark_unbootable", slot)
        status = self.status()
        kept = status.slots[slot] is SlotState.UNBOOTABLE and status.primary != slot
        self._check_kept("mark_unbootable", slot, kept)

    def try_slot(self, slot: str) -> None:
        """Runs the program, and compares the status."""
        self._ask("try_slot", slot)
        status = self.status()
        kept = status.slots[slot] is SlotState.TRYING and status.primary == slot
        self._check_kept("try_slot", slot, kept)

    def confirm(self, slot: str) -> None:
        """Runs the program, and compares the status. Raises BootError for a slot that does not run."""
        if self.status().booted != slot:
            raise BootError(f"slot '{slot}': does not run; only the running slot can be confirmed")
        self._ask("confirm", slot)
        status = self.status()
        kept = status.slots[slot] is SlotState.GOOD and status.primary == slot
        self._check_kept("confirm", slot, kept)

    def _ask(self, call: str, slot: str | None = None) -> dict[str, object]:
        if slot is not None and slot not in self._slots:
            raise BootError(f"slot '{slot}': is not one of {', '.join(self._slots)}")
        return self._program.ask(call, slot=slot, slots=list(self._slots))

    def _check(self, field: str) -> list[str]:
        found = texts(self._ask("check").get(field))
        if found is None:
            raise self._program.wrong("check", field)
        return found

    def _check_kept(self, call: str, slot: str, kept: bool) -> None:
        if not kept:
            raise BootError(
                f"{self._program.program[0]}: {call}: the status does not show the change of slot '{slot}'"
            )


def _states(slots: object) -> dict[str, SlotState] | None:
    """Returns the states in a list of slots; None if it is not valid, or has a slot twice."""
    if not isinstance(slots, list):
        return None
    try:
        found = {each["slot"]: SlotState(each["state"]) for each in slots}
    except (TypeError, KeyError, ValueError):
        return None
    return found if len(found) == len(slots) else None
