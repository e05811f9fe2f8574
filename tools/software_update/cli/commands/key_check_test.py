"""Tests of key check."""

from pathlib import Path

import pytest

from software_update.testing import workspace
from software_update.testing.command import done, failed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_check(folder: Path) -> None:
    good = ["key", "check", "--public", f"{folder}/root.pem.pub", f"{folder}/targets.pem.pub"]
    result = done(*good)
    assert (result.out, result.err) == ("", "")
    # The first bad one is named, wherever it stands.
    for bad, text in (
        ("root.pem", "holds a private key; name the public one. "),
        ("app.bin", "not a SubjectPublicKeyInfo PEM key"),
        ("absent", "No such file or directory"),
    ):
        assert failed(3, *good, f"{folder}/{bad}").startswith(f"{folder}/{bad}: {text}")
        assert failed(3, *good[:3], f"{folder}/{bad}", good[3]).startswith(f"{folder}/{bad}: ")
