"""Tests of key show."""

from pathlib import Path

import pytest

from software_update.testing import tree, workspace
from software_update.testing.command import done, failed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_show_several(folder: Path) -> None:
    files = [folder / "root.pem.pub", folder / "targets.pem"]
    expected = [f"file: {path}\n{done('key', 'show', path).out}" for path in files]
    assert done("key", "show", *files).out == "".join(expected)
    # Nothing is shown unless all of them are keys.
    assert "absent: No such file" in failed(3, "key", "show", *files, folder / "absent")


def test_dev_keys_are_called_so() -> None:
    for path in sorted(tree.DEV_KEYS.glob("*_key.pem*")):
        assert done("key", "show", path).out.endswith("\nDEV KEYS: anyone can sign this\n")


def test_show_of_no_key(folder: Path) -> None:
    text = failed(3, "key", "show", folder / "app.bin")
    assert text.startswith(f"{folder}/app.bin: not a SubjectPublicKeyInfo PEM key; ")
