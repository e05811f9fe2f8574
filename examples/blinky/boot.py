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
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from examples.blinky.board import Board, make_flash, power_on


@dataclass(frozen=True)
class Setup:
    """The programs and files that a boot needs."""

    software_update: Path
    emulator: Path
    bundle: Path
    trusted_root: Path


def setup_from(env: Mapping[str, str]) -> Setup:
    """Reads what the BUILD file hands over in the environment."""
    return Setup(
        software_update=Path(env["SOFTWARE_UPDATE"]).absolute(),
        emulator=Path(env["EMULATOR"]),
        bundle=Path(env["BUNDLE"]).absolute(),
        trusted_root=Path(env["TRUSTED_ROOT"]).absolute(),
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
            make_flash(flash, (release / "application").read_bytes())
            board = Board(setup.emulator, release / "bootloader", flash)
            with power_on(board, args.seconds) as run:
                for line in run.lines():
                    print(line, flush=True)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
