"""Tests of step sha256."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from software_update.testing import workspace
from software_update.testing.command import (
    done,
)
from software_update.testing.workspace import (
    APP,
    check_fails,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_sha256_step_never_replaces_an_input(folder: Path) -> None:
    args = ["step", "sha256", f"{folder}/app.bin", "-o", f"{folder}/app.bin"]
    check_fails(folder, 2, "the output would replace the input", *args)


def test_sha256_step(folder: Path) -> None:
    done("step", "sha256", folder / "app.bin", "-o", folder / "app.sha256")
    checked = subprocess.run(
        ["sha256sum", "-c", "app.sha256"], cwd=folder, capture_output=True, check=True
    )
    assert checked.stdout == b"app.bin: OK\n"


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("a\nb", r"a\nb"),
        ("a\rb", r"a\rb"),
        ("a\\b", r"a\\b"),
        ("\\n\n", r"\\n\n"),
        ("a b\t*", None),
    ],
)
def test_sha256_step_escapes_names(folder: Path, name: str, escaped: str | None) -> None:
    (folder / name).write_bytes(APP)
    done("step", "sha256", folder / name, "-o", folder / "sums")
    digest = hashlib.sha256(APP).hexdigest()
    line = f"{digest}  {name}\n" if escaped is None else f"\\{digest}  {escaped}\n"
    assert (folder / "sums").read_bytes() == line.encode()
