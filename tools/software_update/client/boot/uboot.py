"""U-Boot, through its environment, with the variables that RAUC also uses.

- `BOOT_ORDER`: the slots that may start, the preferred one first.
- `BOOT_A_LEFT` for slot A, and so on: the number of times that the slot may still start, in hexadecimal.
  U-Boot's boot script takes one away at each start, also from a slot that is good.
- `software_update_trying`: the slot that has not been confirmed. U-Boot and RAUC ignore it.

`fw_printenv` and `fw_setenv` of libubootenv or of U-Boot access the environment. Each change is one run of
`fw_setenv -s`, so one write of the environment, and is read back.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from software_update.base.errors import shown
from software_update.client.boot_control import BootError, BootStatus, SlotState
from software_update.client.system import System

_ORDER = "BOOT_ORDER"
_TRYING = "software_update_trying"
_COMMAND_LINE = "/proc/cmdline"
_BOOTED = re.compile(r"(?:^|\s)(?:software_update|rauc)\.slot=(\S+)")
_SLOT_NAME = re.compile(r"[A-Za-z0-9_]+")
_MAX_FILE_BYTES = 1 << 16
# Flash without a cache. Its devices cannot be synced.
_UNCACHED = ("/dev/mtd", "/dev/ubi")


@dataclass(frozen=True, slots=True)
class UBoot:
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

    def check(self) -> list[str]:
        """Returns the problems of the names, of `config`, of the environment, and of the command line."""
        found = [
            f"slot '{shown(slot)}': use letters, digits and _ only"
            for slot in self.slots
            if not _SLOT_NAME.fullmatch(slot)
        ]
        if len(set(self.slots)) != len(self.slots) or len(self.slots) < 2:
            found.append("slots: name two or more different slots")
        if self.tries < 1:
            found.append(f"tries: is {self.tries}; use 1 or more")
        for read in (self._check_copies, self.status):
            try:
                read()
            except OSError as error:
                found.append(str(error))
        return found

    def warnings(self) -> list[str]:
        """Returns a line if the environment has only one copy."""
        return [] if self._copies() > 1 else [self._one_copy()]

    def status(self) -> BootStatus:
        """Reads the environment, and which slot runs."""
        booted = self._booted()
        variables = self._read()
        startable = [slot for slot in self._order(variables) if self._left(variables, slot) > 0]
        states = {slot: self._state(variables, slot, booted) for slot in self.slots}
        return BootStatus(booted, startable[0] if startable else None, states)

    def mark_unbootable(self, slot: str) -> None:
        """Takes the slot out of `BOOT_ORDER`, and all its starts.

        Raises BootError if no other slot is in `BOOT_ORDER`: U-Boot would fall back to its defaults.
        """
        variables = self._read()
        order = [each for each in self._order(variables) if each != slot]
        if not order:
            raise BootError(
                f"{self.config}: no slot other than '{slot}' is in BOOT_ORDER, so nothing would start; "
                "confirm another slot first"
            )
        changes = {_ORDER: " ".join(order), _left_name(slot): "0"}
        if not any(self._left(variables, each) for each in order):
            changes[_left_name(order[0])] = self._all_tries()
        if variables.get(_TRYING) == slot:
            changes[_TRYING] = ""
        self._write(variables, changes)

    def try_slot(self, slot: str) -> None:
        """Puts the slot before the running one in `BOOT_ORDER`, with all tries for both."""
        booted = self._booted()
        variables = self._read()
        changes = {_ORDER: self._order_from(variables, slot, booted), _TRYING: slot}
        changes |= {_left_name(each): self._all_tries() for each in (slot, booted)}
        self._write(variables, changes)

    def confirm(self, slot: str) -> None:
        """Puts the running slot first in `BOOT_ORDER`, with all tries.

        Call it after every start in which the slot proves healthy, because U-Boot has taken a try away.
        """
        if slot != self._booted():
            raise BootError(f"slot '{slot}': does not run; only the running slot can be confirmed")
        variables = self._read()
        changes = {_ORDER: self._order_from(variables, slot), _left_name(slot): self._all_tries()}
        if variables.get(_TRYING) == slot:
            changes[_TRYING] = ""
        self._write(variables, changes)

    # --- the variables ---

    def _order(self, variables: Mapping[str, str]) -> list[str]:
        """Returns BOOT_ORDER; all slots if it is missing, as the boot script does."""
        return variables.get(_ORDER, "").split() or list(self.slots)

    def _order_from(self, variables: Mapping[str, str], *first: str) -> str:
        """Returns BOOT_ORDER with the slots `first` before all others."""
        return " ".join(dict.fromkeys((*first, *self._order(variables))))

    def _left(self, variables: Mapping[str, str], slot: str) -> int:
        """Returns the starts that a slot has left. U-Boot also reads a text without digits as 0."""
        text = variables.get(_left_name(slot))
        digits = re.match(r"(?:0x)?([0-9a-f]*)", text, re.IGNORECASE) if text else None
        return int(digits[1] or "0", 16) if digits else self.tries

    def _all_tries(self) -> str:
        return f"{self.tries:x}"

    def _state(self, variables: Mapping[str, str], slot: str, booted: str) -> SlotState:
        if slot not in self._order(variables):
            return SlotState.UNBOOTABLE
        if self._left(variables, slot) == 0 and slot != booted:  # which may run by its last start
            return SlotState.EXHAUSTED
        return SlotState.TRYING if variables.get(_TRYING) == slot else SlotState.GOOD

    # --- the environment ---

    def _read(self) -> dict[str, str]:
        """Returns all variables: fw_printenv cannot tell a missing one from an empty one."""
        lines = self._run("fw_printenv").decode(errors="replace").split("\n")
        return {name: value for name, _, value in (line.partition("=") for line in lines)}

    def _write(self, variables: Mapping[str, str], changes: Mapping[str, str]) -> None:
        """Changes variables in one write, unless all have their values; an empty value deletes one.

        Raises BootError if the environment does not have the values afterwards.
        """
        if all(variables.get(name, "") == value for name, value in changes.items()):
            # A client that was killed may have written them and not synced.
            self._sync()
            return
        script = "".join(f"{name}={value}\n" for name, value in changes.items())
        self._run("fw_setenv", "-s", "-", stdin=script.encode())
        written = self._read()
        for name, value in changes.items():
            if written.get(name, "") != value:
                raise BootError(
                    f"{self.config}: {name} is '{shown(written.get(name, ''))}' after fw_setenv set it to "
                    f"'{value}'; correct the configuration, or replace the worn memory"
                )
        self._sync()

    def _sync(self) -> None:
        """Puts the environment on the medium: libubootenv leaves files and block devices in the cache."""
        for path in sorted({path for path, _ in self._places()}):
            if not path.startswith(_UNCACHED):
                try:
                    file = self.system.storage.open(path)
                    try:
                        file.sync()
                    finally:
                        file.close()
                except OSError as error:
                    raise BootError(f"{path}: cannot be synced ({error.strerror})") from error

    def _run(self, name: str, *words: str, stdin: bytes = b"") -> bytes:
        defaults = ("-f", self.defaults) if self.defaults else ()
        argv = [name, "-c", self.config, *defaults, *words]
        try:
            result = self.system.programs.run(argv, stdin=stdin)
        except FileNotFoundError:
            raise BootError(
                f"{name}: missing; install it (Debian: libubootenv-tool, Yocto: libubootenv-bin)"
            ) from None
        except OSError as error:
            raise BootError(f"{name}: {error}") from error
        if result.exit_code != 0:
            lines = result.stderr.decode(errors="replace").split("\n")
            said = next((line for line in reversed(lines) if line.strip()), "")
            raise BootError(
                f"{name}: ended with {result.exit_code} ({shown(said)}); check {self.config}, and let U-Boot "
                "save its environment once (saveenv)"
            )
        return result.stdout

    # --- files ---

    def _places(self) -> set[tuple[str, str]]:
        """Returns device and offset of each copy of the environment that `config` lists."""
        lines = (line.split() for line in self._text(self.config).splitlines())
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

    def _check_copies(self) -> None:
        """Raises BootError if the environment has only one copy and must have two."""
        if self._copies() < 2 and self.require_redundant:
            raise BootError(self._one_copy())

    def _one_copy(self) -> str:
        return (
            f"{self.config}: lists one copy of the environment, which a power cut during a write destroys; "
            "build U-Boot with two copies (CONFIG_ENV_REDUNDANT), and list both"
        )

    def _booted(self) -> str:
        """Returns the slot that runs."""
        if self.booted is None:
            # A kernel's command line has its last word from the boot loader, in general.
            named = _BOOTED.findall(self._text(_COMMAND_LINE))
            place, booted = _COMMAND_LINE, named[-1] if named else ""
        else:
            place, booted = "booted", self.booted
        if booted not in self.slots:
            problem = f"slot '{shown(booted)}' is not one of {', '.join(self.slots)}"
            raise BootError(
                f"{place}: {problem if booted else 'names no slot'}; "
                "let the boot script add software_update.slot=SLOT to bootargs"
            )
        return booted

    def _text(self, path: str) -> str:
        try:
            file = self.system.storage.open(path)
            try:
                return file.read(0, _MAX_FILE_BYTES).decode(errors="replace")
            finally:
                file.close()
        except OSError as error:
            raise BootError(f"{path}: cannot be read ({error.strerror})") from error


def _left_name(slot: str) -> str:
    return f"BOOT_{slot}_LEFT"
