"""Writes a stand-in for a system: U-Boot prints its version and powers off.

Called as: make_image VERSION OUT.
"""

import hashlib
import sys
from pathlib import Path

from tests.device.qemu_uboot import stand_in

SIZE = 700_000


def image(version: str) -> bytes:
    """Returns the image, with bytes that no other version has after the script."""
    filling = b"".join(
        hashlib.sha256(f"{version} {number}".encode()).digest() for number in range(SIZE // 32)
    )
    return (stand_in(f"system {version}") + filling)[:SIZE]


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(image(sys.argv[1]))
