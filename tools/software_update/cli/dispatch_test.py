"""Tests of dispatch.py."""

import errno
from collections.abc import Callable, Sequence

import pytest

from software_update.base.errors import Advice, InputError, UsageError
from software_update.cli import dispatch
from software_update.cli.commands import explain
from software_update.cli.dispatch import os_error, run_command

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def fail_with(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], int]:
    """Returns a function that runs a command that raises an error."""

    def run_failing(error: BaseException) -> int:
        def run(_argv: Sequence[str]) -> int:
            raise error

        monkeypatch.setattr(explain, "run", run)
        return run_command(["explain"])

    return run_failing


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (UsageError("--x: bad"), 2, "--x: bad"),
        (InputError("a\n: bad"), 3, r"a\n: bad"),
        (
            InputError("r.pb: unsigned", Advice.SIGN_ROOT),
            3,
            "r.pb: unsigned; sign it with: root sign",
        ),
        (FileNotFoundError(errno.ENOENT, "No such file", "x"), 3, "x: No such file"),
    ],
)
def test_error_is_one_line_and_an_exit_code(
    fail_with: Callable[[BaseException], int],
    capsys: Capture,
    error: BaseException,
    status: int,
    line: str,
) -> None:
    assert fail_with(error) == status
    assert capsys.readouterr() == ("", f"software-update: {line}\n")


@pytest.mark.parametrize("error", [BrokenPipeError(), ValueError("a fault")])
def test_other_errors_are_left_to_the_caller(
    fail_with: Callable[[BaseException], int], error: Exception
) -> None:
    with pytest.raises(type(error)):
        fail_with(error)


def test_full_device_without_a_path_is_standard_output() -> None:
    error = OSError(errno.ENOSPC, "No space left on device")
    assert os_error(error) == f"{dispatch.STANDARD_OUTPUT}: No space left on device"
    assert os_error(OSError(errno.EIO, "I/O error")) == "I/O error"


def test_group_without_a_command_prints_its_help(capsys: Capture) -> None:
    assert run_command(["key"]) == 2
    assert run_command(["key", "--help"]) == 0
    out = capsys.readouterr().out
    assert "generate" in out
    assert "bundle" not in out
