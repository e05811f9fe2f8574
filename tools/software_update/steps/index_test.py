"""Tests of index.py."""

from pathlib import Path

import pytest

from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.format.verdicts import Refused
from software_update.steps.index import describe_bundle
from software_update.testing import encode as e
from software_update.testing.signers import TARGETS_KEY

RELEASE = build_release(ReleaseManifest("clock", "1.2", 12, ("board_a", "board_b")))


def write(folder: Path, contents: dict[str, bytes]) -> Path:
    path = folder / "a clock.bundle"
    targets = e.targets_entry(e.signed(e.targets(contents, 7), TARGETS_KEY))
    path.write_bytes(targets + e.payloads(contents))
    return path


def test_describes_a_release(tmp_path: Path) -> None:
    path = write(tmp_path, {"app": b"app", "user_manifest": RELEASE})
    assert describe_bundle(str(path)) == {
        "schema": "software_update.index.v1",
        "name": "clock",
        "version": 7,
        "release_version": "1.2",
        "release_counter": 12,
        "hardware_ids": ["board_a", "board_b"],
        "size": path.stat().st_size,
        "sha256": e.sha256(path.read_bytes()).hex(),
        "file": "a clock.bundle",
    }


def test_describes_a_bundle_without_a_release_manifest(tmp_path: Path) -> None:
    found = describe_bundle(str(write(tmp_path, {"app": b"app"})))
    assert (found["name"], found["release_counter"], found["hardware_ids"]) == (None, None, [])
    assert found["version"] == 7


@pytest.mark.parametrize("content", [b"text", e.payload("app", b"app")])
def test_rejects_a_file_that_is_not_a_bundle(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(Refused, match=r": .*/x: "):
        describe_bundle(str(path))
