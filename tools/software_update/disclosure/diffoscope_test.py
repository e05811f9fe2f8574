"""Tests of comparing two contents with a program, which is a script here."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from software_update.disclosure import diffoscope
from software_update.disclosure.diffoscope import diffoscope_lines, find_diffoscope
from software_update.disclosure.lines import Unreadable


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which temporary files are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def script(folder: Path, text: str) -> str:
    path = folder.parent / "program"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def lines(program: str, timeout: float = 30.0) -> list[str]:
    return diffoscope_lines(program, "a/-x.bin", [b"old", b"new"], timeout)


def test_program_gets_both_contents_in_a_folder_of_its_own(folder: Path) -> None:
    program = script(
        folder,
        'echo "--- $4"; echo "+++ $5"; echo "$@"; cat "$4" "$5"; echo; echo "$HOME $TMPDIR"; pwd; '
        'touch "$TMPDIR/left"; exit 1',
    )
    arguments, contents, folders, working = lines(program)
    assert arguments == "--text - --no-progress old/-x.bin new/-x.bin"
    assert contents == "oldnew"
    assert folders == f"{working} {working}/tmp"
    assert Path(working).parent == folder
    assert list(folder.iterdir()) == []


def test_equal_contents_give_no_lines(folder: Path) -> None:
    assert lines(script(folder, "exit 0")) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("exit 2", "diffoscope failed"),
        ("exec cat /dev/zero", "diffoscope printed more than"),
        ("echo; sleep 60", "diffoscope took too long"),
        # Closes its output, and goes on.
        ("exec >&-; sleep 60", "diffoscope took too long"),
    ],
)
def test_program_that_fails_leaves_nothing(folder: Path, text: str, problem: str) -> None:
    program = script(folder, f"echo $$ > {folder.parent}/pid; {text}")
    with pytest.raises(Unreadable, match=problem):
        lines(program, 0.5)
    assert list(folder.iterdir()) == []
    pid = int((folder.parent / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_processes_that_the_program_left_behind_end(folder: Path) -> None:
    program = script(folder, f"sleep 60 >&- & echo $! > {folder.parent}/pid; exit 0")
    assert lines(program) == []
    stat = Path(f"/proc/{int((folder.parent / 'pid').read_text())}/stat")
    deadline = time.monotonic() + 30
    # The init process of the machine takes it over, and may not have waited for it.
    while stat.exists() and stat.read_text().split()[2] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_program_that_cannot_be_started(folder: Path) -> None:
    with pytest.raises(Unreadable, match=r"diffoscope cannot be started \(No such file"):
        lines(f"{folder}/missing")
    assert list(folder.iterdir()) == []


def test_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_diffoscope() is None
    program = tmp_path / diffoscope.PROGRAM
    program.write_text("")
    program.chmod(0o755)
    assert find_diffoscope() == str(program)
    monkeypatch.setattr(os, "name", "nt")
    assert find_diffoscope() is None
