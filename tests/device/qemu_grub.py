"""A PC with GRUB and two slots, which QEMU emulates.

It has a disk with GRUB and the script of examples/grub, a disk that is GRUB's environment block, and a disk
for each slot. In place of a kernel, a slot contains a GRUB script that prints a line and powers off.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tests.device.console import run_machine
from tests.device.programs import advice, program

SLOT_SIZE = 4096
_MODULES = Path("/usr/lib/grub/i386-pc")
_DISK_SIZE = 1 << 20
_LOADED = (
    "biosdisk configfile echo halt loadenv memdisk normal reboot serial tar terminal test true"
)
# It replaces the part of the script that each product changes.
_START = """\
if [ "$slot" = A ]; then disk=hd2; else disk=hd3; fi
echo "software_update.slot=$slot"
configfile "($disk)0+8"
echo "boot: slot $slot does not start"
reboot
"""


@dataclass(frozen=True)
class Pc:
    """The PC's disks, as files of a folder."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, script: Path) -> Pc:
        """Returns a PC with a new environment block and empty slots."""
        pc = cls(folder)
        folder.mkdir()
        _make_boot_disk(folder, script.read_text())
        editor = program("grub-editenv", "grub-common")
        subprocess.run([editor, str(pc.block), "create"], check=True)
        for slot in ("A", "B"):
            pc.write_slot(slot, "")
        return pc

    @property
    def block(self) -> Path:
        """The environment block."""
        return self.folder / "grubenv"

    def write_slot(self, name: str, script: str) -> None:
        """Writes a script for GRUB into a slot."""
        content = script.encode().ljust(SLOT_SIZE, b"\n")
        (self.folder / f"slot_{name}.img").write_bytes(content)

    def boot(self) -> list[str]:
        """Switches the PC on until it powers off or restarts, and returns the lines on its console."""
        console = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", run_machine(self._command()))
        return [line.strip() for line in console.splitlines() if line.strip()]

    def _command(self) -> list[str]:
        words = [program("qemu-system-x86_64", "qemu-system-x86"), "-nodefaults", "-no-reboot"]
        words += ["-machine", "pc,accel=tcg", "-m", "64", "-display", "none", "-serial", "stdio"]
        disks = ["boot.img", "grubenv", "slot_A.img", "slot_B.img"]
        for number, name in enumerate(disks):
            words += ["-drive", f"if=ide,index={number},format=raw,file={self.folder}/{name}"]
        return words


def stand_in(line: str) -> str:
    """Returns a script that prints `line`, and powers off."""
    return f'echo "{line}"\nhalt\n'


def _make_boot_disk(folder: Path, script: str) -> None:
    """Writes GRUB's boot sector, and GRUB with the script in a memory disk, to a disk."""
    assert _MODULES.exists(), f"{_MODULES} is missing; {advice('grub-pc-bin')}"
    general, _, _ = script.partition("# Change the rest for your board.")
    before = "serial --unit=0\nterminal_output serial\nblock=(hd1)0+2\n"
    (folder / "grub.cfg").write_text(before + general + _START)
    with tarfile.open(folder / "memory.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        tar.add(folder / "grub.cfg", "boot/grub/grub.cfg")
    image = folder / "core.img"
    command = [program("grub-mkimage", "grub2-common"), f"--directory={_MODULES}"]
    command += ["--format=i386-pc", "--prefix=(memdisk)/boot/grub", f"--output={image}"]
    subprocess.run([*command, f"--memdisk={folder}/memory.tar", *_LOADED.split()], check=True)
    content = (_MODULES / "boot.img").read_bytes() + image.read_bytes()
    (folder / "boot.img").write_bytes(content.ljust(_DISK_SIZE, b"\0"))
