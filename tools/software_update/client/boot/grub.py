"""GRUB, through its environment block, with the variables that RAUC also uses.

- `ORDER`: the slots that may start, the preferred one first.
- `A_OK` for slot A, and so on: 1 if the slot may start.
- `A_TRY`: the number of starts of the slot since it was last confirmed. RAUC's own script starts a slot
  with 0 only; `examples/grub` starts it until the number is `tries`.

`grub-editenv` reads and sets the variables. It truncates a block before it writes it, so a power cut would
lose all of them. Therefore it sets them in a copy, which then overwrites the block in place. A medium writes
512 bytes as a whole, and the variables are at the beginning of the block.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from software_update.client.boot.ordered import OrderedBoot, sync_file
from software_update.client.boot.programs import run_program
from software_update.client.boot.running_slot import running_slot
from software_update.client.boot_control import BootError
from software_update.client.paths import naming
from software_update.client.system import System

_BLOCK_BYTES = 1024
_SECTOR_BYTES = 512


@dataclass(frozen=True)
class Grub(OrderedBoot):
    """Boot control through GRUB's environment block.

    `environment` is the block, a file that `grub-editenv FILE create` made. `tries` must be the number in
    the boot script. `booted` is as for U-Boot.

        Grub(system, ["A", "B"], environment="/boot/efi/EFI/product/grubenv")
    """

    system: System
    slots: Sequence[str] = ("A", "B")
    tries: int = 3
    environment: str = "/boot/grub/grubenv"
    booted: str | None = None
    order = "ORDER"

    @property
    def place(self) -> str:
        """The environment block."""
        return self.environment

    def warnings(self) -> list[str]:
        """Returns a line if the block has so many variables that a power cut may mix old and new ones."""
        used = len(self._block(self.environment).rstrip(b"#"))
        if used <= _SECTOR_BYTES:
            return []
        return [
            f"{self.environment}: its variables take {used} bytes, and only the first {_SECTOR_BYTES} are "
            "safe in a power cut; remove the variables that nothing uses"
        ]

    def running(self) -> str:
        """Returns the slot that runs."""
        return running_slot(self.system.storage, self.slots, self.booted)

    def read(self) -> dict[str, str]:
        """Returns all variables. grub-editenv lists none if the file is missing, which is an error here."""
        self._block(self.environment)
        lines = self._run(self.environment, "list").decode(errors="replace").split("\n")
        return {name: value for name, _, value in (line.partition("=") for line in lines)}

    def write(self, changes: Mapping[str, str]) -> None:
        """Sets variables with one write of the block."""
        # Target names cannot contain "~".
        copy = f"{self.environment}~"
        self._overwrite(copy, self._block(self.environment))
        self._run(copy, "set", *(f"{name}={value}" for name, value in changes.items()))
        self._overwrite(self.environment, self._block(copy))
        with naming(copy, BootError):
            self.system.storage.remove(copy)

    def sync(self) -> None:
        """Puts the block on the medium."""
        sync_file(self.system.storage, self.environment)

    def listed(self, variables: Mapping[str, str]) -> list[str]:
        """Returns the slots of `ORDER` that may start. RAUC leaves a bad slot in it."""
        return [
            slot for slot in super().listed(variables) if variables.get(f"{slot}_OK", "1") == "1"
        ]

    def left(self, variables: Mapping[str, str], slot: str) -> int:
        """Returns the starts that a slot has left: all if the block does not mention the slot."""
        if not _is_ok(variables, slot):
            return 0
        used = variables.get(f"{slot}_TRY") or "0"
        return max(0, self.tries - int(used)) if used.isdecimal() else 0

    def with_left(self, slot: str, left: int) -> Mapping[str, str]:
        """Returns the variables with a number of starts. RAUC also sets `_TRY` to 0 for a bad slot."""
        used = self.tries - left if left else 0
        return {f"{slot}_OK": "1" if left else "0", f"{slot}_TRY": str(used)}

    def _run(self, path: str, *words: str) -> bytes:
        return run_program(
            self.system,
            ["grub-editenv", path, *words],
            if_missing="install it (Debian: grub-common)",
            if_failed=f"create the block again: grub-editenv {self.environment} create",
        )

    def _block(self, path: str) -> bytes:
        """Returns a block. Raises BootError if the file has another length."""
        with naming(path, BootError):
            file = self.system.storage.open(path)
            try:
                content = file.read(0, _BLOCK_BYTES + 1)
            finally:
                file.close()
        if len(content) != _BLOCK_BYTES:
            raise BootError(
                f"{path}: is not a block of {_BLOCK_BYTES} bytes; create it: grub-editenv {path} create"
            )
        return content

    def _overwrite(self, path: str, block: bytes) -> None:
        """Writes a block in place, so that the file keeps its length and its room on the medium."""
        with naming(path, BootError):
            file = self.system.storage.open_to_write(path)
            try:
                file.write(0, block)
            finally:
                file.close()


def _is_ok(variables: Mapping[str, str], slot: str) -> bool:
    """Returns whether a slot may start; the boot script also takes a missing variable as 1."""
    return (variables.get(f"{slot}_OK") or "1") == "1"
