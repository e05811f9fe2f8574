"""Power: a phase starts only with enough charge in the battery, or with mains power."""

from collections.abc import Iterator
from dataclasses import dataclass

from software_update.base.errors import shown
from software_update.client.decision import Choice, Decision, Situation
from software_update.client.policy.machine_files import read_line
from software_update.client.question import Question
from software_update.client.system import System

_BATTERY = "Battery"
# Batteries of mice and keyboards.
_PERIPHERAL = "Device"


@dataclass(frozen=True, slots=True)
class Power:
    """Allows a phase with mains power, or if the battery has at least `minimum_percent` of its charge.

    With `mains`, only mains power counts. `file` contains the charge in percent; without it, `folder` is
    the kernel's list of power supplies (Documentation/ABI/testing/sysfs-class-power in Linux).
    """

    system: System
    minimum_percent: int = 50
    mains: bool = False
    folder: str = "/sys/class/power_supply"
    file: str | None = None

    def decide(self, question: Question, situation: Situation) -> Decision:
        """Reads the state of the power supplies. Raises OSError or ValueError if it cannot."""
        mains, charge = (False, self._percent(self.file)) if self.file else self._state()
        if mains:
            return Decision(Choice.ALLOW, "the device has mains power")
        if self.mains:
            return Decision(Choice.DEFER, "the device has no mains power; connect it")
        if charge < self.minimum_percent:
            return Decision(
                Choice.DEFER,
                f"the battery has {charge} % of its charge, less than {self.minimum_percent} %",
            )
        return Decision(Choice.ALLOW, f"the battery has {charge} % of its charge")

    def _state(self) -> tuple[bool, int]:
        """Returns whether there is mains power, and the charge of the emptiest battery in percent."""
        supplies = dict(self._supplies())
        if not supplies:
            raise ValueError(f"{self.folder}: lists no power supply of the device")
        batteries = [path for path, online in supplies.items() if online is None]
        charges = [self._percent(f"{each}/capacity") for each in batteries]
        return True in supplies.values(), min(charges, default=0)

    def _supplies(self) -> Iterator[tuple[str, bool | None]]:
        """Yields the folder of each supply of the device, and whether it is online; None for a battery."""
        storage = self.system.storage
        for name in storage.list(self.folder):
            path = f"{self.folder}/{name}"
            if (
                storage.exists(f"{path}/scope")
                and read_line(storage, f"{path}/scope") == _PERIPHERAL
            ):
                continue
            if read_line(storage, f"{path}/type") == _BATTERY:
                yield path, None
            else:
                # 2 is "online, with a programmable voltage".
                yield path, read_line(storage, f"{path}/online") in ("1", "2")

    def _percent(self, path: str) -> int:
        line = read_line(self.system.storage, path)
        if not line.isdecimal() or int(line) > 100:
            raise ValueError(f"{path}: '{shown(line)}' is not a number from 0 to 100")
        return int(line)
