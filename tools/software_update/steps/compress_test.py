"""Tests of compress.py."""

from pathlib import Path

import pytest

from software_update.base.errors import UsageError
from software_update.steps.compress import compress_payload, compress_tree
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.workspace import APP, BOOT, snapshot


def test_payload_has_the_digest_of_its_target(tmp_path: Path) -> None:
    folder = workspace.make(tmp_path)
    out = tmp_path / "app.zst"
    target = compress_payload("app", f"{folder}/app.bin", str(out), 3)
    assert (target.length, target.sha256) == (out.stat().st_size, e.sha256(out.read_bytes()))
    assert (target.original.length, target.original.sha256) == (len(APP), e.sha256(APP))


def test_input_is_never_replaced(tmp_path: Path) -> None:
    folder = workspace.make(tmp_path)
    with pytest.raises(UsageError, match="would replace the input"):
        compress_payload("app", f"{folder}/app.bin", f"{folder}/app.bin", 3)


def test_tree_has_each_payload_under_its_name(tmp_path: Path) -> None:
    folder = workspace.make(tmp_path)
    pairs = [("a/app", f"{folder}/app.bin"), ("boot", f"{folder}/boot.bin")]
    targets = compress_tree(pairs, str(tmp_path / "tree"), 3)
    written = snapshot(tmp_path / "tree" / "targets")
    assert {each.name: each.sha256 for each in targets} == {
        name: e.sha256(content) for name, content in written.items()
    }
    assert [each.original.length for each in targets] == [len(APP), len(BOOT)]


def test_tree_is_replaced_as_a_whole(tmp_path: Path) -> None:
    folder = workspace.make(tmp_path)
    for name in ("old", "new"):
        compress_tree([(name, f"{folder}/app.bin")], str(tmp_path / "tree"), 3)
    assert list(snapshot(tmp_path / "tree")) == ["targets/new"]


def test_failure_leaves_no_tree(tmp_path: Path) -> None:
    folder = workspace.make(tmp_path)
    with pytest.raises(FileNotFoundError, match="absent"):
        compress_tree(
            [("app", f"{folder}/app.bin"), ("boot", f"{folder}/absent")], f"{tmp_path}/tree", 3
        )
    assert not (tmp_path / "tree").exists()
