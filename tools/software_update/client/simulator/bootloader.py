"""Boot loaders: they choose the slot that starts, from what is on the medium."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from software_update.client.simulator import environment
from software_update.client.system import Storage


class BootLoader(Protocol):
    """Chooses a slot at each start of the machine."""

    def start(self, storage: Storage) -> str | None:
        """Returns the slot that starts, and may write; None if the device cannot start any more."""


@dataclass(frozen=True, slots=True)
class UBoot:
    """U-Boot with the script that RAUC documents.

    The first slot of BOOT_ORDER whose BOOT_x_LEFT (hexadecimal) is not zero starts, after the count has
    been reduced and saved. `defaults` is the environment that is compiled in; U-Boot uses it if no copy on
    the medium is intact. If no slot has tries left and `refill` is not zero, all slots of BOOT_ORDER get that
    many tries, as in RAUC's script.
    """

    places: Sequence[environment.Place]
    defaults: Mapping[str, str] = field(
        default_factory=lambda: {"BOOT_ORDER": "A", "BOOT_A_LEFT": "3"}
    )
    refill: int = 3

    def start(self, storage: Storage) -> str | None:
        """See `BootLoader.start`."""
        before = environment.read(storage, self.places)
        variables = dict(self.defaults if before.variables is None else before.variables)
        order = variables.get("BOOT_ORDER", "").split()
        for refilled in (False, True):
            for slot in order:
                name = f"BOOT_{slot}_LEFT"
                left = _number(variables.get(name, "0"))
                if left > 0:
                    variables[name] = f"{left - 1:x}"
                    self._save(storage, before, variables)
                    return slot
            if refilled or not self.refill or not order:
                return None
            variables.update({f"BOOT_{slot}_LEFT": f"{self.refill:x}" for slot in order})
        return None

    def _save(
        self, storage: Storage, before: environment.Environment, variables: Mapping[str, str]
    ) -> None:
        path = environment.write(storage, self.places, before, variables)
        file = storage.open_to_write(path)
        file.sync()
        file.close()


@dataclass(frozen=True, slots=True)
class DirectoryLoader:
    """The start of a product whose slots are folders: a link leads to the one that starts.

    `link` is the path of the link, whose target ends in the name of the slot.
    """

    link: str

    def start(self, storage: Storage) -> str | None:
        """See `BootLoader.start`."""
        target = storage.read_link(self.link)
        return None if target is None else target.rstrip("/").rsplit("/", 1)[-1]


def _number(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0
