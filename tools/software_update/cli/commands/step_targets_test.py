"""Tests of step targets."""

from pathlib import Path

import pytest

from software_update.testing import workspace
from software_update.testing.command import (
    done,
)
from software_update.testing.workspace import check_fails


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_targets_step_never_replaces_an_input(folder: Path) -> None:
    done("step", "digest", "--target", f"app={folder}/app.bin", "-o", folder / "app.json")
    (folder / "version.txt").write_text("7")
    targets = ["step", "targets", f"--digests={folder}/app.json"]
    (folder / "expires.txt").write_text("2031-01-01T00:00:00Z")
    targets += [
        f"--version-file={folder}/version.txt",
        f"--expires-file={folder}/expires.txt",
        "-o",
    ]
    done(*targets, f"{folder}/o")
    for name in ("app.json", "expires.txt", "version.txt"):
        check_fails(folder, 2, "the output would replace the input", *targets, f"{folder}/{name}")


def test_targets_step_errors(folder: Path) -> None:
    step = ["step", "targets", "--version=7", "-o", f"{folder}/o", "--digests"]
    done("step", "digest", "--target", f"app={folder}/app.bin", "-o", folder / "a")
    done("step", "digest", "--target", f"APP={folder}/app.bin", "-o", folder / "b")
    done("step", "digest", "-o", folder / "none")
    text = f"two targets 'app' ({folder}/a) and 'APP' ({folder}/b); rename one"
    check_fails(folder, 2, text, *step, f"{folder}/a", f"{folder}/b")
    text = f"two targets 'app' ({folder}/a) and 'app' ({folder}/a); rename one"
    check_fails(folder, 2, text, *step, f"{folder}/a", f"{folder}/a")
    check_fails(folder, 2, "none: 0 targets, and none was collected", *step, f"{folder}/none")
    check_fails(folder, 3, "app.bin: not a digest record", *step, f"{folder}/app.bin")
