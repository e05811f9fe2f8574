"""Tests of beside.py."""

from pathlib import Path

import pytest

from software_update.base.errors import UsageError
from software_update.cli.repository.beside import checked, files_with


def test_files_next_to_the_bundle_and_named_ones(tmp_path: Path) -> None:
    bundle = str(tmp_path / "meter.bundle")
    assert files_with(bundle, []) == {}
    folder = tmp_path / "meter.bundle.attachments"
    folder.mkdir()
    for name in ("b.dsse.json", "a.cdx.json"):
        (folder / name).touch()
    (tmp_path / "meter.bundle.tlog-proof").touch()
    assert files_with(bundle, ["/elsewhere/notes.txt"]) == {
        "notes.txt": "/elsewhere/notes.txt",
        "tlog-proof": f"{bundle}.tlog-proof",
        "a.cdx.json": f"{folder}/a.cdx.json",
        "b.dsse.json": f"{folder}/b.dsse.json",
    }


def test_names_that_cannot_be_published() -> None:
    with pytest.raises(UsageError, match=r"x/a b: its name becomes a part of a URL; rename it"):
        checked([("a b", "x/a b")])
    with pytest.raises(UsageError, match=r"y/a: has the same name as x/a; rename it"):
        checked([("a", "x/a"), ("a", "y/a")])
