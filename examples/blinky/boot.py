"""Boots a blinky release in QEMU: from a bundle to the lines on the serial port.

`bazel run //examples/blinky:boot` prints them.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

_ERASED = b"\xff"


@dataclass(frozen=True)
class Setup:
    """The programs and files that a boot needs, and the places of the images in flash."""

    software_update: Path
    emulator: Path
    bundle: Path
    trusted_root: Path
    application_start: int
    flash_size: int


def setup_from(env: Mapping[str, str]) -> Setup:
    """Reads what the BUILD file hands over in the environment."""
    return Setup(
        software_update=Path(env["SOFTWARE_UPDATE"]).absolute(),
        emulator=Path(env["EMULATOR"]),
        bundle=Path(env["BUNDLE"]).absolute(),
        trusted_root=Path(env["TRUSTED_ROOT"]).absolute(),
        application_start=int(env["APPLICATION_START"]),
        flash_size=int(env["FLASH_SIZE"]),
    )


def extract(setup: Setup, to: Path) -> None:
    """Verifies the bundle and writes its payloads, as files below `to`."""
    verify: list[str | Path] = [
        setup.software_update,
        "bundle",
        "verify",
        setup.bundle,
        "--at=none",
    ]
    verify += ["--trusted-root", setup.trusted_root, "--extract", to]
    subprocess.run(verify, check=True, stdout=subprocess.DEVNULL)


def flash_content(setup: Setup, bootloader: bytes, application: bytes) -> bytes:
    """Both images at their places; the rest is erased."""
    return (bootloader.ljust(setup.application_start, _ERASED) + application).ljust(
        setup.flash_size, _ERASED
    )


def serial_lines(setup: Setup, flash: Path, seconds: float) -> Generator[str, None, None]:
    """The lines that the board writes to its serial port within `seconds`.

    QEMU ends when they are over, or the generator is closed.
    """
    machine = ["-machine", "lm3s6965evb", "-kernel", str(flash)]
    serial_alone = ["-display", "none", "-monitor", "none", "-serial", "stdio"]
    with subprocess.Popen(
        [str(setup.emulator), *machine, *serial_alone],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        encoding="ascii",
        errors="replace",
    ) as emulator:
        deadline = threading.Timer(seconds, emulator.kill)
        deadline.start()
        try:
            assert emulator.stdout is not None
            for line in emulator.stdout:
                yield line.rstrip()
        finally:
            deadline.cancel()
            emulator.kill()


def main() -> int:
    """Boots the bundle and prints what it says."""
    parser = argparse.ArgumentParser(prog="boot", description="Boots blinky's bundle in QEMU.")
    parser.add_argument("--seconds", type=float, default=5, help="how long; default: 5")
    args = parser.parse_args()
    # So that the emulator ends with this program, whichever way it is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    setup = setup_from(os.environ)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            release, flash = Path(scratch, "release"), Path(scratch, "flash.bin")
            extract(setup, release)
            images = ((release / name).read_bytes() for name in ("bootloader", "application"))
            flash.write_bytes(flash_content(setup, *images))
            for line in serial_lines(setup, flash, args.seconds):
                print(line, flush=True)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
