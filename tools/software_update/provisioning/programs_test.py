"""Tests of the programs that make file systems, with scripts in their place."""

import os
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.provisioning.programs import (
    ProgramFailed,
    Programs,
    find_programs,
    installed_programs,
    versions,
)


def programs(folder: Path, script: str) -> Programs:
    """Returns programs of which `mke2fs` is a script."""
    path = folder / "script"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Programs({"mke2fs": str(path)}, 1, str(folder), 7)


def test_environment_says_nothing_about_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MTOOLSRC", "MKE2FS_CONFIG", "LC_ALL", "TZ", "HOME", "USER"):
        monkeypatch.setenv(name, "planted")
    said = programs(tmp_path, 'env; cat "$MKE2FS_CONFIG"').run("mke2fs").decode()
    lines = {line for line in said.splitlines() if "=" in line and not line.startswith("\t")}
    assert lines - {f"PWD={tmp_path}"} == {
        "E2FSPROGS_FAKE_TIME=7",
        f"HOME={tmp_path}",
        "LC_ALL=C",
        f"MKE2FS_CONFIG={tmp_path}/mke2fs.conf",
        "MTOOLSRC=/dev/null",
        f"PATH={os.defpath}",
        "SOURCE_DATE_EPOCH=7",
        "TZ=UTC",
    }
    assert "[fs_types]" in said
    assert "planted" not in said


def test_program_gets_its_input_and_its_folder(tmp_path: Path) -> None:
    assert programs(tmp_path, "pwd; cat").run("mke2fs", stdin=b"x").decode() == f"{tmp_path}\nx"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("echo one >&2; echo; echo ' two ' >&2; exit 1", "one two"),
        ("echo said; exit 1", "said"),
        ("echo 'Warning: block count mismatch: x' >&2; echo bad >&2; exit 1", "bad"),
        ("exit 3", "mke2fs ended with status 3"),
    ],
)
def test_failure_is_one_line(tmp_path: Path, script: str, problem: str) -> None:
    with pytest.raises(ProgramFailed) as error:
        programs(tmp_path, script).run("mke2fs")
    assert str(error.value) == problem


def test_full_disk_is_an_error_of_this_machine(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left on device"):
        programs(tmp_path, "echo 'write: No space left on device' >&2").run("mke2fs")


def test_program_that_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^/missing: No such file or directory$"):
        Programs({"mke2fs": "/missing"}, 1, str(tmp_path), 0).run("mke2fs")


def test_finds_programs_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mke2fs", "debugfs"):
        (tmp_path / name).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))
    expected = {name: str(tmp_path / name) for name in ("debugfs", "mke2fs")}
    assert find_programs(["none", "ext4", "ext4"]) == expected
    assert set(expected.values()) <= set(installed_programs())
    assert find_programs(["none"]) == {}
    problem = r"^mcopy: is not on the PATH; install Debian's package mtools$"
    with pytest.raises(InputError, match=problem):
        find_programs(["fat"], expected)


def test_version_is_the_first_line(tmp_path: Path) -> None:
    made = programs(tmp_path, "echo 'mke2fs 1.47' >&2; echo more >&2")
    assert versions(made) == [{"name": "mke2fs", "version": "mke2fs 1.47"}]
    made = programs(tmp_path, "echo broken >&2; exit 1")
    assert versions(made) == [{"name": "mke2fs", "version": "broken"}]
