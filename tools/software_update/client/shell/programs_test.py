"""Tests of running real programs."""

import os
import time
from pathlib import Path

import pytest

from software_update.client.shell import programs
from software_update.client.shell.programs import MAX_OUTPUT_BYTES, MachinePrograms
from software_update.client.system import ProgramResult, ProgramTimeout

SHELL = "/bin/sh"


def run(script: str, *arguments: str, stdin: bytes = b"", timeout: float = 30.0) -> ProgramResult:
    return MachinePrograms().run(
        [SHELL, "-c", script, SHELL, *arguments], stdin=stdin, timeout=timeout
    )


@pytest.fixture(params=[True, False])
def with_pidfd(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a test also as on a kernel that does not signal the end of a program."""
    if not request.param:
        monkeypatch.setattr(programs, "_end_of", lambda process: None)


@pytest.mark.usefixtures("with_pidfd")
def test_exit_code_and_outputs() -> None:
    assert run("echo out; echo err >&2; exit 7") == ProgramResult(7, b"out\n", b"err\n")


def test_arguments_are_not_for_a_shell() -> None:
    result = MachinePrograms().run(["/bin/echo", "$HOME; *"])
    assert result.stdout == b"$HOME; *\n"


@pytest.mark.usefixtures("with_pidfd")
def test_large_input_and_output_do_not_block_each_other() -> None:
    content = bytes(range(256)) * 2000
    result = run("tee /dev/stderr", stdin=content)
    assert (result.stdout, result.stderr) == (content, content)


def test_program_that_does_not_read_its_input() -> None:
    assert run("exec <&-; echo done", stdin=bytes(1 << 20)).stdout == b"done\n"


def test_output_is_cut_at_one_mib() -> None:
    result = run("head -c 3000000 /dev/zero; echo end >&2")
    assert (len(result.stdout), result.stderr) == (MAX_OUTPUT_BYTES, b"end\n")


def test_missing_program_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        MachinePrograms().run(["/nonexistent/program"])


@pytest.mark.usefixtures("with_pidfd")
def test_program_that_does_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    with pytest.raises(ProgramTimeout, match=r"/bin/sh: did not end within 0.3 seconds"):
        run('sleep 60 & echo $! > "$1"; wait', f"{tmp_path}/pid", timeout=0.3)
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 20
    while _runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.usefixtures("with_pidfd")
def test_child_left_behind_does_not_delay_the_end(tmp_path: Path) -> None:
    result = run('sleep 60 & echo $! > "$1"; echo done', f"{tmp_path}/pid")
    os.kill(int((tmp_path / "pid").read_text()), 9)
    assert result == ProgramResult(0, b"done\n", b"")


def test_program_killed_by_a_signal_has_a_negative_code() -> None:
    assert run("kill -9 $$").exit_code == -9


def _runs(process: int) -> bool:
    """Returns whether a process runs; one that has ended and waits for its parent does not."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in ("Z", "X")
