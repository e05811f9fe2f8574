"""A board with U-Boot and two slots, which QEMU emulates.

The board has a flash chip with U-Boot's environment, a boot partition with the script of examples/uboot,
and a disk for each slot. In place of a kernel, a slot contains a script that prints a line and powers off.
Debian's U-Boot for it has no redundant environment, boot counter or check of signatures.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path

from tests.device.console import run_machine
from tests.device.programs import advice, program

FLASH_SIZE = 64 << 20
ENVIRONMENT_SIZE = 0x40000
SLOT_SIZE = 1 << 20
# The default environment of Debian's U-Boot, as far as a boot needs it, without its wait for a key.
DEFAULTS = """\
bootcmd=bootflow scan -lb
bootdelay=0
bootmeths=script
boot_targets=virtio
kernel_addr_r=0x40400000
scriptaddr=0x40200000
"""
_UBOOT = Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")
# QEMU does not always end when U-Boot powers off.
_END = re.compile(rb"^(?:poweroff|resetting) \.\.\.", re.MULTILINE)


@dataclass(frozen=True)
class Boot:
    """A boot: the slot that U-Boot chose, None for none, and what it wrote on its console."""

    slot: str | None
    console: str

    @property
    def command_line(self) -> str:
        """The kernel's command line, as a stand-in prints it."""
        return next(
            (line for line in self.console.splitlines() if "software_update.slot=" in line), ""
        )

    def prints(self, line: str) -> bool:
        """Returns whether a line of the console is `line`."""
        return line in self.console.splitlines()


@dataclass(frozen=True)
class Board:
    """The board's flash and disks, as files of a folder."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, script: Path) -> Board:
        """Returns a board with erased flash and empty slots. `script` is the source of boot.scr."""
        board = cls(folder)
        (folder / "boot").mkdir(parents=True)
        (folder / "boot/boot.scr").write_bytes(script_image(script.read_text()))
        for name in ("A", "B"):
            board.write_slot(name, b"")
        with board.flash.open("wb") as flash:
            flash.truncate(FLASH_SIZE)
        board.defaults.write_text(DEFAULTS)
        board.config.write_text(f"{board.flash} 0x0 {ENVIRONMENT_SIZE:#x} {ENVIRONMENT_SIZE:#x}\n")
        return board

    @property
    def flash(self) -> Path:
        """The flash chip, which begins with the environment."""
        return self.folder / "flash.img"

    @property
    def config(self) -> Path:
        """A configuration for fw_setenv and fw_printenv."""
        return self.folder / "fw_env.config"

    @property
    def defaults(self) -> Path:
        """The variables that fw_setenv begins with if the flash has no environment."""
        return self.folder / "u-boot-initial-env"

    def slot(self, name: str) -> Path:
        """Returns the disk of a slot."""
        return self.folder / f"slot_{name}.img"

    def write_slot(self, name: str, content: bytes) -> None:
        """Writes a slot from its beginning, and zeros after it."""
        self.slot(name).write_bytes(content.ljust(SLOT_SIZE, b"\0"))

    def variables(self) -> dict[str, str]:
        """Returns the variables of the environment, as fw_printenv reads them."""
        lines = self._fw("fw_printenv", "").splitlines()
        return {name: value for name, _, value in (line.partition("=") for line in lines)}

    def set_variables(self, **variables: str) -> None:
        """Sets variables of the environment in one call of fw_setenv."""
        lines = [f"{name}={value}\n" for name, value in variables.items()]
        self._fw("fw_setenv", "".join(lines), f"--defenv={self.defaults}", "--script=-")

    def _fw(self, name: str, text: str, *words: str) -> str:
        command = [program(name, "libubootenv-tool"), f"--config={self.config}", *words]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def boot(self) -> Boot:
        """Switches the board on until it powers off or restarts; then the power is cut.

        Raises AssertionError with the console if neither happens within a minute.
        """
        for name in ("A", "B"):
            # An installer shortens a file, and could not shorten a disk.
            os.truncate(self.slot(name), SLOT_SIZE)
        console = run_machine(self._command(), _END)
        chosen = re.search(r"^boot: starting slot (\w+)", console, re.MULTILINE)
        return Boot(chosen[1] if chosen else None, console)

    def _command(self) -> list[str]:
        words = [program("qemu-system-aarch64", "qemu-system-arm"), "-nodefaults", "-no-reboot"]
        # Never KVM: some machines offer one that does not work.
        words += ["-machine", "virt,accel=tcg", "-cpu", "cortex-a57", "-m", "256"]
        words += ["-display", "none", "-serial", "stdio", "-bios", _firmware()]
        words += ["-drive", f"if=pflash,index=1,format=raw,file={self.flash}"]
        # U-Boot numbers them from the last one on.
        disks = [f"fat:{self.folder}/boot", str(self.slot("B")), str(self.slot("A"))]
        for number, file in enumerate(disks):
            words += ["-drive", f"if=none,id=disk{number},format=raw,readonly=on,file={file}"]
            words += ["-device", f"virtio-blk-device,drive=disk{number}"]
        return words


def script_image(text: str) -> bytes:
    """Returns a script in the format of `mkimage -T script -C none`, which U-Boot's `source` runs."""
    content = text.encode()
    data = struct.pack(">II", len(content), 0) + content
    arm64, script = 22, 6

    def header(crc: int) -> bytes:
        words = (0x27051956, crc, 0, len(data), 0, 0, zlib.crc32(data))
        return struct.pack(">7I4B32s", *words, 5, arm64, script, 0, b"")

    return header(zlib.crc32(header(0))) + data


def stand_in(line: str) -> bytes:
    """Returns an image that prints `line` and the kernel's command line, and powers off."""
    return script_image(f'echo "{line}"\necho "${{bootargs}}"\npoweroff\n')


def _firmware() -> str:
    assert _UBOOT.exists(), f"{_UBOOT} is missing; {advice('u-boot-qemu')}"
    return str(_UBOOT)
