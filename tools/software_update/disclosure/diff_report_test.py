"""Tests of the report on the differences of two releases. docs/schemas_test compares it with its schema."""

from pathlib import Path
from typing import Any

from software_update.base.files import open_input
from software_update.disclosure.diff_report import diff_report
from software_update.disclosure.disclosed import OpenFile, unverified_releases
from software_update.testing import encode as e
from software_update.testing.zstd_frames import stored

LISTED_BEFORE = {"app": b"old", "gone": b"", "same": b""}


def report(folder: Path, old: bytes, new: bytes) -> dict[str, Any]:
    (folder / "old").write_bytes(old)
    (folder / "new").write_bytes(new)
    with open_input(f"{folder}/old") as old_fd, open_input(f"{folder}/new") as new_fd:
        files = OpenFile(old_fd, "old"), OpenFile(new_fd, "new")
        return diff_report(*files, unverified_releases(*files))


def test_targets(tmp_path: Path) -> None:
    new = {"app": b"new", "extra": b"1", "same": b""}
    found = report(tmp_path, e.bundle(LISTED_BEFORE), e.bundle(new))
    assert found["unchanged_targets"] == 1
    assert [(each["name"], each["change"]) for each in found["targets"]] == [
        ("app", "changed"),
        ("extra", "added"),
        ("gone", "removed"),
    ]
    app, extra, gone = found["targets"]
    assert app["difference"] == {
        "format": "text",
        "lines": ["@@ -1,1 +1,1 @@", "-old", "+new"],
        "left_out": 0,
        "note": "",
    }
    assert app["new"] == {"length": 3, "sha256": e.sha256(b"new").hex(), "compression": None}
    assert extra["old"] is gone["new"] is None
    assert extra["difference"] is gone["difference"] is None


def test_target_that_is_compressed_now(tmp_path: Path) -> None:
    payload = stored(b"old")
    targets = e.targets_of(e.common("targets", 1), [e.compressed("app", payload, b"old")])
    new = (
        e.root_entry(e.signed(e.root(), e.ROOT_KEY))
        + e.targets_entry(e.signed(targets, e.TARGETS_KEY))
        + e.payload("app", payload)
    )
    found = report(tmp_path, e.bundle({"app": b"old"}), new)
    [app] = found["targets"]
    assert app["same_content"]
    assert app["difference"] is None
    assert app["new"]["compression"]["original_length"] == 3
    assert found["blast_radius"]["unclaimed"] == []


def test_installed_manifest(tmp_path: Path) -> None:
    found = report(tmp_path, e.manifest(e.targets(LISTED_BEFORE)), e.bundle(LISTED_BEFORE))
    assert (found["old"]["kind"], found["new"]["kind"]) == ("installed_manifest", "bundle")
    assert found["old"]["root_version"] is None
    assert found["old"]["release_digest"] == e.sha256(e.targets(LISTED_BEFORE)).hex()
    assert found["blast_radius"]["key_changes"] is None
    assert found["blast_radius"]["threshold_changes"] is None
    assert not found["differ"]
