"""Pigweed's verifier accepts the bundle that Bazel has built, and sees a change in it."""

import os
from pathlib import Path

from tests.interop.judges import ours, pigweed, pigweed_accepts

BUNDLE = Path(os.environ["BUNDLE"])
TRUSTED_ROOT = Path(os.environ["TRUSTED_ROOT"])


def copied(tmp_path: Path, content: bytes) -> Path:
    copy = tmp_path / "copy.bundle"
    copy.write_bytes(content)
    return copy


def test_accepted(tmp_path: Path) -> None:
    copy = copied(tmp_path, BUNDLE.read_bytes())
    assert pigweed_accepts(copy)
    assert pigweed_accepts(copy, TRUSTED_ROOT)


def test_refused_with_its_last_byte_changed(tmp_path: Path) -> None:
    # The end of the last payload.
    content = bytearray(BUNDLE.read_bytes())
    content[-1] ^= 1
    copy = copied(tmp_path, bytes(content))
    assert not pigweed_accepts(copy, TRUSTED_ROOT)
    assert ours("bundle", "verify", copy, "--trusted-root", TRUSTED_ROOT) == 1


def test_read_whole(tmp_path: Path) -> None:
    folder = tmp_path / "extracted"
    assert ours("bundle", "extract", BUNDLE, "-o", folder) == 0
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    described = pigweed("cli", "inspect-bundle", BUNDLE).stdout
    for path in files:
        name, length = path.relative_to(folder), path.stat().st_size
        assert f"  filename: {name}\n  length: {length}\n" in described
