"""Blinky's board in QEMU: its memory as files, its serial port as lines, and its options."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_ERASED = b"\xff"
# QEMU takes a file for all of the RAM that acts as flash, and blinky uses its beginning.
_FLASH_BYTES = 16 * 1024 * 1024
_USED_BYTES = 512 * 1024

# The exit status of a board on which the option `cut` cut the power.
POWER_CUT = 3


@dataclass(frozen=True)
class Board:
    """A board: the emulator, the bootloader in its ROM, and a folder.

    The folder contains `flash.bin`, the flash memory, and the files that options of a run name.
    """

    emulator: Path
    bootloader: Path
    folder: Path

    @property
    def flash(self) -> Path:
        """The file that is the flash memory."""
        return self.folder / "flash.bin"

    def erase(self) -> None:
        """Makes the flash memory as it comes from its factory."""
        self.write(_ERASED * _USED_BYTES)

    def read(self) -> bytes:
        """Returns the part of the flash memory that blinky uses."""
        with self.flash.open("rb") as file:
            return file.read(_USED_BYTES)

    def write(self, content: bytes) -> None:
        """Writes what `read` returned."""
        with self.flash.open("wb") as file:
            file.write(content)
            file.truncate(_FLASH_BYTES)


class Run:
    """The time from power-on to power-off."""

    def __init__(self, emulator: subprocess.Popen[str]) -> None:
        self._emulator = emulator

    def lines(self) -> Generator[str, None, None]:
        """The lines that the board writes to its serial port, until its power is off."""
        assert self._emulator.stdout is not None
        for line in self._emulator.stdout:
            yield line.rstrip()

    def press(self, keys: str) -> None:
        """Sends keys to the serial port."""
        assert self._emulator.stdin is not None
        self._emulator.stdin.write(keys)
        self._emulator.stdin.flush()

    def status(self) -> int:
        """Waits for the end, and returns the exit status."""
        return self._emulator.wait()


@contextmanager
def power_on(board: Board, seconds: float, *options: str) -> Generator[Run, None, None]:
    """Runs the board with options such as `blinks=2`; its power goes off after `seconds`, or on leaving."""
    with _emulator(board, "stdio", seconds, *options) as emulator:
        yield Run(emulator)


@contextmanager
def on_a_line(board: Board, seconds: float) -> Generator[str, None, None]:
    """Runs the board as `power_on` does. Yields the path of its serial line. QEMU 9.2 or later."""
    line = board.folder / "serial_line"
    with _emulator(board, f"pty,path={line.name}", seconds) as emulator:
        while not line.exists() and emulator.poll() is None:
            time.sleep(0.01)
        # QEMU takes a second to see that a line is open again, so it stays open.
        held = os.open(line, os.O_RDWR | os.O_NOCTTY)
        try:
            yield str(line)
        finally:
            os.close(held)


@contextmanager
def on_a_socket(board: Board, seconds: float) -> Generator[Path, None, None]:
    """Runs the board as `power_on` does. Yields the Unix socket of its serial line, for another emulator."""
    path = board.folder / "serial_socket"
    with _emulator(board, f"socket,server=on,wait=off,path={path.name}", seconds) as emulator:
        while not path.exists() and emulator.poll() is None:
            time.sleep(0.01)
        yield path


@contextmanager
def _emulator(
    board: Board, serial: str, seconds: float, *options: str
) -> Generator[subprocess.Popen[str], None, None]:
    memory = f"memory-backend-file,id=flash,size={_FLASH_BYTES},mem-path=flash.bin,share=on"
    arguments = "".join(f",arg={option}" for option in ("blinky", *options))
    command = [
        *(str(board.emulator), "-accel", "tcg"),
        *("-machine", "mps2-an385,memory-backend=flash", "-object", memory),
        *("-kernel", str(board.bootloader), "-display", "none", "-monitor", "none"),
        *(
            "-chardev",
            f"{serial},id=line",
            "-serial",
            "chardev:line",
            "-semihosting-config",
            "enable=on,target=native" + arguments,
        ),
    ]
    with subprocess.Popen(
        command,
        cwd=board.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="ascii",
        errors="replace",
    ) as emulator:
        deadline = threading.Timer(seconds, emulator.kill)
        deadline.start()
        try:
            yield emulator
        finally:
            deadline.cancel()
            emulator.kill()
