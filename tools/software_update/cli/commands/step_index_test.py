"""Tests of step index."""

import json
from pathlib import Path

from software_update.testing import encode as e
from software_update.testing.command import done, failed
from software_update.testing.signers import TARGETS_KEY


def test_writes_the_index(tmp_path: Path) -> None:
    contents = {"app": b"app"}
    content = e.targets_entry(e.signed(e.targets(contents, 7), TARGETS_KEY)) + e.payloads(contents)
    (tmp_path / "x.bundle").write_bytes(content)
    assert done("step", "index", tmp_path / "x.bundle", "-o", tmp_path / "x.json").out == ""
    written = json.loads((tmp_path / "x.json").read_text())
    assert (written["version"], written["file"]) == (7, "x.bundle")


def test_never_replaces_the_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "x.bundle"
    bundle.write_bytes(e.targets_entry(e.signed(e.targets({}, 7), TARGETS_KEY)))
    before = bundle.read_bytes()
    assert "x.bundle" in failed(2, "step", "index", bundle, "-o", bundle)
    assert bundle.read_bytes() == before
