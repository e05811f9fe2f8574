"""Tests of exec_program.py. More odd programs are in cli/commands/sign_exec_test.py."""

from pathlib import Path

import pytest

from software_update.base.errors import Advice, InputError, SignerUnusable
from software_update.signing.exec_program import run_program


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """The path of a program that a test writes."""
    path = tmp_path / "program"
    path.touch(mode=0o755)
    return path


def run(script: Path, commands: str, question: bytes = b"", limit: int = 100) -> tuple[int, bytes]:
    script.write_text(f"#!/bin/sh\n{commands}\n")
    return run_program(str(script), question, 5, limit)


def test_program_gets_the_question_and_its_output_returns(script: Path) -> None:
    assert run(script, "cat; exit 3", b"question") == (3, b"question")


def test_program_may_end_before_it_has_read_the_question(script: Path) -> None:
    assert run(script, "echo yes", bytes(1_000_000)) == (0, b"yes\n")


def test_rejects_output_beyond_the_limit(script: Path) -> None:
    assert run(script, "printf abc", limit=3) == (0, b"abc")
    with pytest.raises(InputError, match="printed more than 3 bytes; a signer prints one answer"):
        run(script, "printf abcd", limit=3)


def test_program_that_does_not_end_is_killed(script: Path) -> None:
    script.write_text("#!/bin/sh\nexec sleep 600\n")
    with pytest.raises(InputError, match=r"no answer within 0\.1 s$") as caught:
        run_program(str(script), b"", 0.1, 100)
    assert caught.value.advice == Advice.RAISE_TIMEOUT


def test_program_that_cannot_start_is_unusable(script: Path) -> None:
    with pytest.raises(SignerUnusable, match=r"cannot be started \(No such file or directory\)"):
        run_program(f"{script}.absent", b"", 1, 100)
