"""A PC with GRUB and two slots, which QEMU emulates.

With a BIOS, it has a disk with GRUB and the script of examples/grub, a disk that is the environment block,
and a disk for each slot. With UEFI, all of these are files of one FAT file system. In place of a kernel, a
slot contains a GRUB script that prints a line and powers off.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tests.device.console import run_machine
from tests.device.programs import advice, program
from tests.device.qemu_uefi import Uefi

SLOT_SIZE = 4096
_MODULES = Path("/usr/lib/grub/i386-pc")
_UEFI_MODULES = Path("/usr/lib/grub/x86_64-efi")
_DISK_SIZE = 1 << 20
_LOADED = (
    "biosdisk configfile echo halt loadenv memdisk normal reboot serial tar terminal test true"
)
_BEFORE = "serial --unit=0\nterminal_output serial\nblock={}\n"
# It replaces the part of the script that each product changes.
_START = """\
if [ "$slot" = A ]; then file={}; else file={}; fi
echo "software_update.slot=$slot"
configfile "$file"
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
        _make_boot_disk(folder, script)
        pc.write_new_state()
        return pc

    def write_new_state(self) -> None:
        """Writes a new environment block and empty slots."""
        editor = program("grub-editenv", "grub-common")
        subprocess.run([editor, str(self.block), "create"], check=True)
        for slot in ("A", "B"):
            self.write_slot(slot, "")

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
        return _lines(run_machine(self._command()))

    def _command(self) -> list[str]:
        words = [program("qemu-system-x86_64", "qemu-system-x86"), "-nodefaults", "-no-reboot"]
        words += ["-machine", "pc,accel=tcg", "-m", "64", "-display", "none", "-serial", "stdio"]
        disks = ["boot.img", "grubenv", "slot_A.img", "slot_B.img"]
        for number, name in enumerate(disks):
            words += ["-drive", f"if=ide,index={number},format=raw,file={self.folder}/{name}"]
        return words


@dataclass(frozen=True)
class UefiPc(Pc):
    """The same PC with UEFI. GRUB writes to the environment block in the FAT file system."""

    @classmethod
    def make(cls, folder: Path, script: Path) -> UefiPc:
        """Returns a PC with a new environment block and empty slots."""
        assert _UEFI_MODULES.exists(), f"{_UEFI_MODULES} is missing; {advice('grub-efi-amd64-bin')}"
        folder.mkdir()
        names = ("grubenv", "slot_A.img", "slot_B.img")
        config = _write_script(folder, script, *(f"(hd0)/EFI/BOOT/{name}" for name in names))
        image = folder / "grub.efi"
        command = [program("grub-mkstandalone", "grub-common"), f"--directory={_UEFI_MODULES}"]
        command += ["-O", "x86_64-efi", "--fonts=", "--locales=", "--themes=", f"--output={image}"]
        subprocess.run([*command, f"boot/grub/grub.cfg={config}"], check=True)
        Uefi.make(folder, image)
        pc = cls(folder)
        pc.write_new_state()
        return pc

    def boot(self) -> list[str]:
        """Switches the PC on until it powers off or restarts, and returns the lines on its console."""
        uefi = Uefi(self.folder)
        for name in ("grubenv", "slot_A.img", "slot_B.img"):
            uefi.mtools("mcopy", "-o", str(self.folder / name), f"::/EFI/BOOT/{name}")
        console = uefi.boot()
        uefi.mtools("mcopy", "-n", "::/EFI/BOOT/grubenv", str(self.block))
        return _lines(console)


def stand_in(line: str) -> str:
    """Returns a script that prints `line`, and powers off."""
    return f'echo "{line}"\nhalt\n'


def _lines(console: str) -> list[str]:
    """Returns the lines of a console that are not empty, without control sequences."""
    console = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", console)
    return [line.strip() for line in console.splitlines() if line.strip()]


def _write_script(folder: Path, script: Path, block: str, slot_a: str, slot_b: str) -> Path:
    """Writes the script for GRUB with the paths of the environment block and of both slots."""
    general, _, _ = script.read_text().partition("# Change the rest for your board.")
    path = folder / "grub.cfg"
    path.write_text(_BEFORE.format(block) + general + _START.format(slot_a, slot_b))
    return path


def _make_boot_disk(folder: Path, script: Path) -> None:
    """Writes GRUB's boot sector, and GRUB with the script in a memory disk, to a disk."""
    assert _MODULES.exists(), f"{_MODULES} is missing; {advice('grub-pc-bin')}"
    config = _write_script(folder, script, "(hd1)0+2", "(hd2)0+8", "(hd3)0+8")
    with tarfile.open(folder / "memory.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        tar.add(config, "boot/grub/grub.cfg")
    image = folder / "core.img"
    command = [program("grub-mkimage", "grub2-common"), f"--directory={_MODULES}"]
    command += ["--format=i386-pc", "--prefix=(memdisk)/boot/grub", f"--output={image}"]
    subprocess.run([*command, f"--memdisk={folder}/memory.tar", *_LOADED.split()], check=True)
    content = (_MODULES / "boot.img").read_bytes() + image.read_bytes()
    (folder / "boot.img").write_bytes(content.ljust(_DISK_SIZE, b"\0"))
