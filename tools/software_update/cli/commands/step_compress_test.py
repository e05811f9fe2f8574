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
    return ["step", "compress", f"--target=app={folder}/app.bin", f"--output={folder}/r", *more]


def test_one_target(folder: Path) -> None:
    done(*compress(folder, f"--payload={folder}/out", "--compression-level=19"))
    [target] = json.loads((folder / "r").read_bytes())["targets"]
    assert target["length"] == (folder / "out").stat().st_size
    assert target["compression"]["original_length"] == len(APP)


def test_folder(folder: Path) -> None:
    done(*compress(folder, f"--target=b/boot={folder}/boot.bin", f"--folder={folder}/tree"))
    targets = json.loads((folder / "r").read_bytes())["targets"]
    lengths = {each["name"]: each["length"] for each in targets}
    names = ("app", "b/boot")
    assert lengths == {name: (folder / "tree/targets" / name).stat().st_size for name in names}


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["--payload={}/r"], "--output and --payload need a file each"),
        (["--payload={}/out", "--target=b={}/boot.bin"], "--payload: takes 1 target, not 2"),
        (
            ["--payload={}/out", "--compression-level=0"],
            "'0' is not a level; write an integer from",
        ),
        (["--payload={}/out", "--compression-level=20"], "'20' is not a level"),
        (["--payload={}/out", "--compression-level=+3"], "is not a level"),
        (["--payload={}/app.bin"], "the output would replace the input"),
        ([], "one of the arguments --payload --folder is required"),
    ],
)
def test_usage(folder: Path, args: list[str], error: str) -> None:
    check_fails(folder, 2, error, *compress(folder, *(each.format(folder) for each in args)))


def test_depfile_names_the_files_of_folders_and_lists(folder: Path) -> None:
    (folder / "assets").mkdir()
    (folder / "assets/logo").write_bytes(b"logo")
    boot = {"name": "boot", "file": f"{folder}/boot.bin"}
    (folder / "list.json").write_text(json.dumps([boot]))
    args = [f"--target=a/={folder}/assets", f"--collected={folder}/list.json"]
    args += [f"--folder={folder}/tree", f"--depfile={folder}/d", f"--output={folder}/r"]
    done("step", "compress", *args)
    assert {"a/logo", "boot"} == {
        each["name"] for each in json.loads((folder / "r").read_bytes())["targets"]
    }
    for name in ("list.json", "boot.bin", "assets", "assets/logo"):
        assert f"my\\ work/{name}" in (folder / "d").read_text()
