"""Pigweed's tools and ours, called as their users call them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from software_update.cli.main import main as software_update

ROOT_METADATA_FIELD = 5


def ours(*args: str | Path) -> int:
    """The exit status of our command line."""
    return software_update([str(arg) for arg in args])


def pigweed(tool: str, *args: str | Path) -> subprocess.CompletedProcess[str]:
    """One of Pigweed's tools, in a process of its own."""
    return subprocess.run(
        [os.environ["PIGWEED_TOOL"], tool, *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
    )


def pigweed_makes(tool: str, *args: str | Path) -> None:
    """One of Pigweed's tools, which must not fail."""
    done = pigweed(tool, *args)
    assert done.returncode == 0, done.stderr


def pigweed_accepts(bundle: Path, trusted_root: Path | None = None) -> bool:
    """Pigweed's verdict on a bundle, from a trusted root or from the bundle's own."""
    trusted: list[str | Path] = []
    if trusted_root:
        device = bundle.with_name("device.bundle")
        device.write_bytes(_bundle_of_root(trusted_root.read_bytes()))
        trusted = ["--trusted", device]
    done = pigweed("verify", "--incoming", bundle, *trusted)
    if done.returncode == 0:
        assert "Verification passed." in done.stderr
        return True
    # A verdict, or protobuf's; a tool that cannot start must not count as a judge.
    assert "Verification failed: " in done.stderr or "DecodeError" in done.stderr, done.stderr
    return False


def _bundle_of_root(root: bytes) -> bytes:
    """The state of a device as Pigweed's tool wants it: an UpdateBundle with nothing but a root."""
    length = len(root)
    head = [ROOT_METADATA_FIELD << 3 | 2]
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*head, length]) + root


def tampered(bundle: Path, folder: Path, every: int) -> Iterator[tuple[int, Path]]:
    """Copies of a bundle with one bit changed, at every so many bytes."""
    content = bundle.read_bytes()
    for offset in range(0, len(content), every):
        changed = bytearray(content)
        changed[offset] ^= 0x10
        copy = folder / "tampered.bundle"
        copy.write_bytes(changed)
        yield offset, copy
