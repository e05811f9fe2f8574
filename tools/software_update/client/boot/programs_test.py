"""Tests of programs that read or set the state of a boot loader."""

import pytest

from software_update.client.boot.programs import run_program
from software_update.client.boot_control import BootError
from software_update.client.system import ProgramResult, ProgramTimeout, System
from software_update.testing.fake_machine import machine


def run(system: System) -> bytes:
    argv = ["fw_printenv", "x"]
    return run_program(system, argv, stdin=b"in", if_missing="install it", if_failed="check it")


def test_output() -> None:
    assert run(machine(program=lambda argv, stdin: argv[1].encode() + stdin)) == b"xin"


@pytest.mark.parametrize(
    "outcome, problem",
    [
        (FileNotFoundError(2, "No such file or directory"), "fw_printenv: missing; install it"),
        (ProgramTimeout("no end after 30 s"), "fw_printenv: no end after 30 s"),
        (243, "fw_printenv: ended with 243 (); check it"),
    ],
)
def test_failure(outcome: OSError | int, problem: str) -> None:
    with pytest.raises(BootError) as caught:
        run(machine(program=lambda *_: outcome))
    assert str(caught.value) == problem


def test_failure_quotes_the_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    system = machine()
    result = ProgramResult(1, b"", b"warning\nno environment\n\n")
    monkeypatch.setattr(system.programs, "run", lambda *_, **__: result)
    with pytest.raises(BootError, match=r"ended with 1 \(no environment\); check it"):
        run(system)
