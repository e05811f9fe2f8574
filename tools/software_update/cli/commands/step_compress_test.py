"""Tests of step compress."""

import json
from pathlib import Path

import pytest

from software_update.testing import workspace
from software_update.testing.command import done
from software_update.testing.workspace import APP, check_fails


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def compress(folder: Path, *more: str) -> list[str]:
    return ["step", "compress", f"--target=app={folder}/app.bin", f"--record={folder}/r", *more]


def test_one_target(folder: Path) -> None:
    done(*compress(folder, f"--output={folder}/out", "--compression-level=19"))
    [target] = json.loads((folder / "r").read_bytes())["targets"]
    assert target["length"] == (folder / "out").stat().st_size
    assert target["compression"]["original_length"] == len(APP)


def test_folder(folder: Path) -> None:
    done(*compress(folder, f"--target=b/boot={folder}/boot.bin", f"--folder={folder}/tree"))
    targets = json.loads((folder / "r").read_bytes())["targets"]
    lengths = {each["name"]: each["length"] for each in targets}
    names = ("app", "b/boot")
    assert lengths == {name: (folder / "tree" / name).stat().st_size for name in names}


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["--output={}/r"], "--output and --record need a file each"),
        (["--output={}/out", "--target=b={}/boot.bin"], "--output: takes 1 target, not 2"),
        (["--output={}/out", "--compression-level=0"], "'0' is not a level; write an integer from"),
        (["--output={}/out", "--compression-level=20"], "'20' is not a level"),
        (["--output={}/out", "--compression-level=+3"], "is not a level"),
        (["--output={}/app.bin"], "the output would replace the input"),
        ([], "one of the arguments -o/--output --folder is required"),
    ],
)
def test_usage(folder: Path, args: list[str], error: str) -> None:
    check_fails(folder, 2, error, *compress(folder, *(each.format(folder) for each in args)))
