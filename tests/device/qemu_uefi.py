"""A PC with UEFI and one FAT disk, which QEMU emulates."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.device.console import run_machine
from tests.device.programs import advice, program

_FIRMWARE = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
_VARIABLES = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")
_DISK_SIZE = 40 << 20


@dataclass(frozen=True)
class Uefi:
    """The PC's disk and firmware variables, as files of a folder."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, program_path: Path) -> Uefi:
        """Returns a PC that starts an EFI program from an otherwise empty disk."""
        assert _FIRMWARE.exists(), f"{_FIRMWARE} is missing; {advice('ovmf-generic')}"
        uefi = cls(folder)
        (folder / "variables.fd").write_bytes(_VARIABLES.read_bytes())
        with (folder / "disk.img").open("wb") as disk:
            disk.truncate(_DISK_SIZE)
        uefi.mtools("mformat", "-F", "::")
        uefi.mtools("mmd", "::/EFI", "::/EFI/BOOT")
        uefi.mtools("mcopy", str(program_path), "::/EFI/BOOT/BOOTX64.EFI")
        return uefi

    def mtools(self, name: str, *words: str) -> None:
        """Runs a program of mtools on the disk."""
        command = [program(name, "mtools"), "-i", str(self.folder / "disk.img"), *words]
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)

    def boot(self) -> str:
        """Switches the PC on until it powers off or restarts, and returns its console."""
        words = [program("qemu-system-x86_64", "qemu-system-x86"), "-nodefaults", "-no-reboot"]
        words += ["-machine", "q35,accel=tcg", "-m", "128", "-net", "none"]
        words += ["-display", "none", "-serial", "stdio"]
        flash = "if=pflash,format=raw"
        words += ["-drive", f"{flash},unit=0,readonly=on,file={_FIRMWARE}"]
        words += ["-drive", f"{flash},unit=1,file={self.folder}/variables.fd"]
        words += ["-drive", f"if=none,id=disk,format=raw,file={self.folder}/disk.img"]
        return run_machine([*words, "-device", "virtio-blk-pci,drive=disk"])
