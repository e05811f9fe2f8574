"""The gateway in QEMU: its disk, its firmware with Secure Boot, its console, and a network."""

from __future__ import annotations

import os
import re
import selectors
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.device.programs import program

_FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
# Far more than anything takes: a start takes 15 seconds of a processor, which others may use, too.
_SECONDS = 600
# Where the guest finds the server; the emulated network leads nowhere else.
_SERVER = "tcp:10.0.2.100:80"
# Escape sequences, and all that a carriage return overwrites.
_ESCAPES = re.compile(rb"\x1b(\[[0-9;=?]*[A-Za-z]|.)|\x00|\r+(?=\n)|[^\n]*\r(?!\r*\n)")
_PROMPT = b"\n# "


@dataclass
class Machine:
    """A gateway in `folder`, with `disk.img` and `variables.fd`, and with `stick.img` if it exists."""

    folder: Path
    server_port: int = 0
    light: Path | None = None
    seconds: float = 0
    _emulator: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _unread: bytes = b""

    @classmethod
    def make(cls, folder: Path, disk: Path, variables: Path) -> Machine:
        """Returns a gateway that has left the factory, switched off."""
        folder.mkdir(parents=True, exist_ok=True)
        # Most of a disk is empty, so the copy is sparse.
        subprocess.run(["cp", "--sparse=always", disk.resolve(), folder / "disk.img"], check=True)
        shutil.copyfile(variables, folder / "variables.fd")
        for name in ("disk.img", "variables.fd"):
            (folder / name).chmod(0o600)
        return cls(folder)

    def power_on(self) -> None:
        """Switches it on."""
        assert self._emulator is None
        self._emulator = subprocess.Popen(
            self._command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self.folder
        )
        self._unread = b""

    def power_off(self) -> None:
        """Takes the power away: the emulator is killed."""
        if self._emulator:
            self._emulator.kill()
            self._emulator.wait()
            self._emulator = None

    def kill(self) -> None:
        """Takes the power away while another thread reads the console."""
        if self._emulator:
            self._emulator.kill()

    def read_until(self, end: bytes, seconds: float = _SECONDS) -> str:
        """Returns the console up to and with `end`.

        Raises AssertionError if it does not come in time, and EOFError if the emulator ends.
        """
        assert self._emulator and self._emulator.stdout
        begin, deadline = time.monotonic(), time.monotonic() + seconds
        descriptor = self._emulator.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while end not in (clean := _ESCAPES.sub(b"", self._unread)):
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                assert ready, f"{end!r} is not on the console after {seconds} s:\n{_text(clean)}"
                piece = os.read(descriptor, 65536)
                if not piece:
                    raise EOFError(f"the emulator ended before {end!r}:\n{_text(clean)}")
                self._unread += piece
        found, _, self._unread = clean.partition(end)
        self.seconds += time.monotonic() - begin
        return _text(found + end)

    def started(self) -> str:
        """Waits until the console takes commands, and returns what it has shown since the last call."""
        before, ready, shown = self.read_until(_PROMPT).rpartition("gateway: version")
        crashes = re.findall(r"gateway: .*\n|(?<=\] )Kernel panic .*\n", before)
        return "".join(crashes) + ready + shown.removesuffix("# ")

    def run(self, command: str) -> str:
        """Runs a command on the console, and returns what it prints."""
        self.enter(command)
        return self.read_until(_PROMPT).removesuffix("# ").partition("\n")[2]

    def enter(self, command: str) -> None:
        """Types a command."""
        assert self._emulator and self._emulator.stdin
        self._emulator.stdin.write(command.encode() + b"\n")
        self._emulator.stdin.flush()

    def _command(self) -> list[str]:
        flash = "if=pflash,format=raw"
        network = "user,id=network,restrict=on"
        if self.server_port:
            network += f",guestfwd={_SERVER}-cmd:/bin/busybox nc 127.0.0.1 {self.server_port}"
        command = [
            program("qemu-system-x86_64", "qemu-system-x86"),
            "-nodefaults",
            "-display",
            "none",
        ]
        command += ["-machine", "q35,smm=on,accel=tcg", "-m", "512"]
        command += ["-global", "driver=cfi.pflash01,property=secure,value=on"]
        command += ["-drive", f"{flash},unit=0,readonly=on,file={_FIRMWARE}"]
        command += ["-drive", f"{flash},unit=1,file=variables.fd"]
        command += ["-drive", "if=none,id=disk,format=raw,file=disk.img"]
        command += ["-device", "virtio-blk-pci,drive=disk,bootindex=1"]
        if (self.folder / "stick.img").exists():
            command += ["-drive", "if=none,id=stick,format=raw,readonly=on,file=stick.img"]
            command += ["-device", "virtio-blk-pci,drive=stick"]
        command += ["-netdev", network, "-device", "virtio-net-pci,netdev=network,romfile="]
        command += ["-serial", "stdio"]
        if self.light:
            command += [
                "-chardev",
                f"socket,id=light,path={os.path.relpath(self.light, self.folder)}",
                "-serial",
                "chardev:light",
            ]
        return command


def _text(console: bytes) -> str:
    return console.decode(errors="replace")
