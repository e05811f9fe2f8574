"""A PC with UEFI, systemd-boot and two slots, which QEMU emulates.

It has one disk, a FAT file system with systemd-boot, its entries, and an EFI program for each slot. In
place of a kernel, that program is a GRUB that prints a line and powers off.
"""

from __future__ import annotations

import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tests.device.programs import advice, program
from tests.device.qemu_uefi import Uefi

_GRUB = Path("/usr/lib/grub/x86_64-efi")
_BOOT_LOADER = Path("/usr/lib/systemd/boot/efi/systemd-bootx64.efi")
_LOADED = "configfile echo halt memdisk normal reboot serial tar terminal"


@dataclass(frozen=True)
class Pc:
    """The PC, and the folder of its files.

    `entries` is a folder of this computer; its files are on the PC's disk during a boot.
    """

    folder: Path
    uefi: Uefi

    @classmethod
    def make(cls, folder: Path) -> Pc:
        """Returns a PC without entries and slots."""
        for path, package in (
            (_GRUB, "grub-efi-amd64-bin"),
            (_BOOT_LOADER, "systemd-boot-efi"),
        ):
            assert path.exists(), f"{path} is missing; {advice(package)}"
        (folder / "entries").mkdir(parents=True)
        (folder / "loader.conf").write_text("timeout 0\n")
        pc = cls(folder, Uefi.make(folder, _BOOT_LOADER))
        pc.uefi.mtools("mmd", "::/loader", "::/loader/entries")
        pc.uefi.mtools("mcopy", str(folder / "loader.conf"), "::/loader/loader.conf")
        return pc

    @property
    def entries(self) -> Path:
        """The folder of systemd-boot's entries."""
        return self.folder / "entries"

    def write_slot(self, slot: str, *commands: str) -> None:
        """Writes a program that runs commands of GRUB to `/SLOT.efi` on the disk."""
        script = self.folder / "grub.cfg"
        lines = ("serial --unit=0", "terminal_output serial", *commands)
        script.write_text("".join(f"{line}\n" for line in lines))
        with tarfile.open(self.folder / "memory.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            tar.add(script, "boot/grub/grub.cfg")
        image = self.folder / f"{slot}.efi"
        command = [program("grub-mkimage", "grub2-common"), f"--directory={_GRUB}"]
        command += ["--format=x86_64-efi", "--prefix=(memdisk)/boot/grub", f"--output={image}"]
        subprocess.run(
            [*command, f"--memdisk={self.folder}/memory.tar", *_LOADED.split()], check=True
        )
        self.uefi.mtools("mcopy", "-o", str(image), f"::/{slot}.efi")

    def boot(self) -> str:
        """Switches the PC on until it powers off or restarts, and returns its console."""
        self.uefi.mtools("mdeltree", "::/loader/entries")
        self.uefi.mtools("mmd", "::/loader/entries")
        files = [str(each) for each in self.entries.iterdir()]
        self.uefi.mtools("mcopy", *files, "::/loader/entries")
        console = self.uefi.boot()
        for each in self.entries.iterdir():
            each.unlink()
        self.uefi.mtools("mcopy", "::/loader/entries/*", str(self.entries))
        return console
