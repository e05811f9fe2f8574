"""U-Boot, through its environment, with the variables that RAUC also uses.

- `BOOT_ORDER`: the slots that may start, the preferred one first.
- `BOOT_A_LEFT` for slot A, and so on: the number of times that the slot may still start, in hexadecimal.
  U-Boot's boot script takes one away at each start, also from a slot that is good.

`fw_printenv` and `fw_setenv` of libubootenv or of U-Boot access the environment. Each change is one run of
`fw_setenv -s`, so one write of the environment.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from software_update.client.boot.ordered import OrderedBoot, sync_file
from software_update.client.boot.programs import run_program
from software_update.client.boot.running_slot import read_text, running_slot
from software_update.client.boot_control import BootError
from software_update.client.system import System

# Flash without a cache. Its devices cannot be synced.
_UNCACHED = ("/dev/mtd", "/dev/ubi")


@dataclass(frozen=True)
class UBoot(OrderedBoot):
    """Boot control through U-Boot's environment.

    `slots` are the names of the slots in `BOOT_ORDER`, and `tries` the number of times that U-Boot starts an
    unconfirmed slot. `config` tells `fw_setenv` where the environment is. `defaults` is the file with the
    variables that libubootenv begins with if there is none (option `-f`). `booted` is the running slot;
    without it, the kernel's command line names it as `software_update.slot=A` or `rauc.slot=A`.

        UBoot(system, ["A", "B"], require_redundant=True)
    """

    system: System
    slots: Sequence[str] = ("A", "B")
    tries: int = 3
    config: str = "/etc/fw_env.config"
    defaults: str | None = None
    booted: str | None = None
    require_redundant: bool = False
    order = "BOOT_ORDER"

    @property
    def place(self) -> str:
        """The configuration of fw_setenv."""
        return self.config

    def check(self) -> list[str]:
        """Returns the problems of the names, of `config`, of the environment, and of the command line."""
        found = super().check()
        try:
            if self._copies() < 2 and self.require_redundant:
                found.append(self._one_copy())
        except BootError as error:
            found.append(str(error))
        return found

    def warnings(self) -> list[str]:
        """Returns a line if the environment has only one copy."""
        return [] if self._copies() > 1 else [self._one_copy()]

    def running(self) -> str:
        """Returns the slot that runs."""
        return running_slot(self.system.storage, self.slots, self.booted)

    def read(self) -> dict[str, str]:
        """Returns all variables: fw_printenv cannot tell a missing one from an empty one."""
        lines = self._run("fw_printenv").decode(errors="replace").split("\n")
        return {name: value for name, _, value in (line.partition("=") for line in lines)}

    def write(self, changes: Mapping[str, str]) -> None:
        """Sets variables with one run of fw_setenv."""
        script = "".join(f"{name}={value}\n" for name, value in changes.items())
        self._run("fw_setenv", "-s", "-", stdin=script.encode())

    def sync(self) -> None:
        """Puts the environment on the medium: libubootenv leaves files and block devices in the cache."""
        for path in sorted({path for path, _ in self._places()}):
            if not path.startswith(_UNCACHED):
                sync_file(self.system.storage, path)

    def left(self, variables: Mapping[str, str], slot: str) -> int:
        """Returns the starts that a slot has left. U-Boot also reads a text without digits as 0."""
        text = variables.get(_left_name(slot))
        digits = re.match(r"(?:0x)?([0-9a-f]*)", text, re.IGNORECASE) if text else None
        return int(digits[1] or "0", 16) if digits else self.tries

    def with_left(self, slot: str, left: int) -> Mapping[str, str]:
        """Returns the variable with a number of starts."""
        return {_left_name(slot): f"{left:x}"}

    def _run(self, name: str, *words: str, stdin: bytes = b"") -> bytes:
        defaults = ("-f", self.defaults) if self.defaults else ()
        argv = [name, "-c", self.config, *defaults, *words]
        install = "install it (Debian: libubootenv-tool, Yocto: libubootenv-bin)"
        check = f"check {self.config}, and let U-Boot save its environment once (saveenv)"
        return run_program(self.system, argv, stdin=stdin, if_missing=install, if_failed=check)

    def _places(self) -> set[tuple[str, str]]:
        """Returns device and offset of each copy of the environment that `config` lists."""
        lines = (line.split() for line in read_text(self.system.storage, self.config).splitlines())
        places = {
            (words[0], words[1])
            for words in lines
            if len(words) > 1 and not words[0].startswith("#")
        }
        if not places:
            raise BootError(
                f"{self.config}: lists no environment; add 'DEVICE OFFSET SIZE' for each copy"
            )
        return places

    def _copies(self) -> int:
        return len(self._places())

    def _one_copy(self) -> str:
        return (
            f"{self.config}: lists one copy of the environment, which a power cut during a write destroys; "
            "build U-Boot with two copies (CONFIG_ENV_REDUNDANT), and list both"
        )


def _left_name(slot: str) -> str:
    return f"BOOT_{slot}_LEFT"
