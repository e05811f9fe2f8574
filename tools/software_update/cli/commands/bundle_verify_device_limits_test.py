"""Tests of bundle verify --device-limits."""

import json
from pathlib import Path
from typing import Any

import pytest

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import call, done, failed
from software_update.testing.signers import TARGETS_KEY
from software_update.testing.workspace import CONTENTS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def verify(folder: Path, name: str = "good.bundle", **limits: Any) -> list[str]:
    path = folder / "limits.json"
    path.write_text(json.dumps({"schema": "software_update.device_limits.v1", **limits}))
    root = f"--trusted-root={folder}/root.pb"
    return ["bundle", "verify", f"{folder}/{name}", root, f"--device-limits={path}"]


def test_bundle_within_the_limits(folder: Path) -> None:
    args = verify(folder, targets=2, name_bytes=13, signatures=1, verifications=2)
    assert done(*args).out.startswith(f"{folder}/good.bundle: ACCEPT\n")
    assert json.loads(done(*args, "--json").out)["beyond_device"] == []


def test_bundle_beyond_the_limits(folder: Path) -> None:
    args = verify(folder, targets=1, verifications=1)
    found = "2 targets, at most 1; 2 signatures to verify, at most 1"
    assert failed(1, *args) == (
        f"{folder}/good.bundle: beyond the device's limits: {found}; make the release smaller, or raise "
        f"the limits in {folder}/limits.json if the device has room"
    )
    result = call(*args, "--json")
    assert (result.status, result.err) == (1, "")
    report = json.loads(result.out)
    assert report["verdict"] == "ACCEPT"
    assert report["beyond_device"] == found.split("; ")
    expected = call(*args, "--expect=ACCEPT")
    assert (expected.status, expected.out) == (1, "")
    assert "beyond the device's limits: 2 targets" in expected.err


def test_bundle_beyond_the_limits_leaves_nothing(folder: Path) -> None:
    args = verify(folder, targets=1)
    failed(1, *args, f"--write-installed={folder}/new", f"--extract={folder}/extracted")
    assert not (folder / "new").exists()
    assert not (folder / "extracted").exists()
    failed(1, *args, f"--report={folder}/report")
    assert json.loads((folder / "report").read_text())["beyond_device"] == ["2 targets, at most 1"]


def test_rejected_bundle_has_its_verdict(folder: Path) -> None:
    (folder / "bad").write_bytes(e.bundle(CONTENTS, version=7)[:-1] + b"!")
    args = verify(folder, "bad", targets=1)
    assert "HASH_MISMATCH" in failed(1, *args)
    assert done(*args, "--expect=HASH_MISMATCH").err == ""


def test_payloads_before_the_metadata(folder: Path) -> None:
    targets = e.targets_entry(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY))
    (folder / "loose").write_bytes(e.payloads(CONTENTS) + targets)
    text = failed(1, *verify(folder, "loose"))
    assert "its parts are not in the order chain, root, targets metadata, payloads" in text


def test_limits_are_an_input(folder: Path) -> None:
    args = verify(folder)
    assert "would replace the input" in failed(2, *args, f"--report={folder}/limits.json")
    (folder / "limits.json").write_text("{}")
    assert "limits.json: not limits of a device" in failed(3, *args)
