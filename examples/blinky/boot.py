"""Boots a blinky release in QEMU: from a bundle to the lines on the serial port.

`bazel run //examples/blinky:boot` prints them.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path

from examples.blinky.board import power_on
from examples.blinky.device import Device, factory_from


def main() -> int:
    """Makes a device with the bundle's release, and prints what the device says."""
    parser = argparse.ArgumentParser(prog="boot", description="Boots blinky's bundle in QEMU.")
    parser.add_argument("--seconds", type=float, default=5, help="how long; default: 5")
    args = parser.parse_args()
    # So that the emulator ends with this program, whichever way it is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            device = Device(factory_from(os.environ), Path(scratch))
            made = device.make()
            if made.status != 0:
                print("\n".join(made.lines), file=sys.stderr)
                return 1
            with power_on(device.board, args.seconds) as run:
                for line in run.lines():
                    print(line, flush=True)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
