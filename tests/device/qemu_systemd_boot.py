"""A PC with UEFI, systemd-boot and two slots, which QEMU emulates.

It has one disk, a FAT file system with systemd-boot, its entries, and an EFI program for each slot. In
place of a kernel, that program is a GRUB that prints a line and powers off.
"""

from __future__ import annotations

import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tests.device.console import run_machine
from tests.device.programs import advice, program

_GRUB = Path("/usr/lib/grub/x86_64-efi")
_BOOT_LOADER = Path("/usr/lib/systemd/boot/efi/systemd-bootx64.efi")
_FIRMWARE = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
_VARIABLES = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
_DISK_SIZE = 40 << 20
_LOADED = "configfile echo halt memdisk normal reboot serial tar terminal"


@dataclass(frozen=True)
class Pc:
    """The PC's disk and firmware variables, as files of a folder.

    `entries` is a folder of this computer; its files are on the PC's disk during a boot.
    """

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Pc:
        """Returns a PC without entries and slots."""
        for path, package in (
            (_GRUB, "grub-efi-amd64-bin"),
            (_BOOT_LOADER, "systemd-boot-efi"),
            (_FIRMWARE, "ovmf-generic"),
        ):
            assert path.exists(), f"{path} is missing; {advice(package)}"
        pc = cls(folder)
        pc.entries.mkdir(parents=True)
        (folder / "loader.conf").write_text("timeout 0\n")
        (folder / "variables.fd").write_bytes(_VARIABLES.read_bytes())
        with (folder / "disk.img").open("wb") as disk:
            disk.truncate(_DISK_SIZE)
        pc._mtools("mformat", "-F", "::")
        pc._mtools("mmd", "::/EFI", "::/EFI/BOOT", "::/loader", "::/loader/entries")
        pc._mtools("mcopy", str(_BOOT_LOADER), "::/EFI/BOOT/BOOTX64.EFI")
        pc._mtools("mcopy", str(folder / "loader.conf"), "::/loader/loader.conf")
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
        self._mtools("mcopy", "-o", str(image), f"::/{slot}.efi")

    def boot(self) -> str:
        """Switches the PC on until it powers off or restarts, and returns its console."""
        self._mtools("mdeltree", "::/loader/entries")
        self._mtools("mmd", "::/loader/entries")
        files = [str(each) for each in self.entries.iterdir()]
        self._mtools("mcopy", *files, "::/loader/entries")
        console = run_machine(self._command())
        for each in self.entries.iterdir():
            each.unlink()
        self._mtools("mcopy", "::/loader/entries/*", str(self.entries))
        return console

    def _command(self) -> list[str]:
        words = [program("qemu-system-x86_64", "qemu-system-x86"), "-nodefaults", "-no-reboot"]
        words += ["-machine", "q35,accel=tcg", "-m", "128", "-net", "none"]
        words += ["-display", "none", "-serial", "stdio"]
        flash = "if=pflash,format=raw"
        words += ["-drive", f"{flash},unit=0,readonly=on,file={_FIRMWARE}"]
        words += ["-drive", f"{flash},unit=1,file={self.folder}/variables.fd"]
        words += ["-drive", f"if=none,id=disk,format=raw,file={self.folder}/disk.img"]
        return [*words, "-device", "virtio-blk-pci,drive=disk"]

    def _mtools(self, name: str, *words: str) -> None:
        command = [program(name, "mtools"), "-i", str(self.folder / "disk.img"), *words]
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
