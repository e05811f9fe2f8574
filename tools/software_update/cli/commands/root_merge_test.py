"""Tests of root merge."""

from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.signers import ROOT_KEY, ROOT_KEY_2, STRANGER, TARGETS_KEY_2, key_id

SECOND = e.signed(e.root(2, [ROOT_KEY_2]), *sorted((ROOT_KEY, ROOT_KEY_2), key=key_id))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = workspace.make(tmp_path)
    (folder / "roots").mkdir()
    return folder


def request(folder: Path, root: bytes, *more: str) -> list[str]:
    (folder / "r.pb").write_bytes(root)
    return ["root", "request", f"{folder}/r.pb", "-o", f"{folder}/out", *more]


def test_merge_never_replaces_an_input(folder: Path) -> None:
    done(*request(folder, SECOND, f"--previous={folder}/root.pb"))
    sign = ["sign", f"{folder}/out", f"--key=file:{folder}/root.pem", "-o", f"{folder}/s.json"]
    done(*sign)
    before = workspace.snapshot(folder)
    merge = ["root", "merge", f"{folder}/r.pb", f"--previous={folder}/root.pb"]
    for name in ("s.json", "root.pb"):
        text = failed(2, *merge, f"--signature={folder}/s.json", "-o", f"{folder}/{name}")
        assert "would replace the input" in text
    assert "--signature" in failed(2, *merge)
    assert workspace.snapshot(folder) == before


def test_merge_needs_the_root_before(folder: Path) -> None:
    done(*request(folder, SECOND, f"--previous={folder}/root.pb"))
    done("sign", folder / "out", f"--key=file:{folder}/root.pem", "-o", folder / "s.json")
    merge = ["root", "merge", f"{folder}/r.pb", f"--signature={folder}/s.json"]
    assert "name that one: --previous FILE" in failed(2, *merge)
    (folder / "other.pb").write_bytes(e.signed(e.root(1, [STRANGER], [TARGETS_KEY_2]), STRANGER))
    text = failed(1, *merge, f"--previous={folder}/other.pb")
    assert text.startswith(f"{folder}/s.json: signed by key {key_id(ROOT_KEY).hex()[:16]}, which ")
