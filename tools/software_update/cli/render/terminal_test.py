"""Tests of terminal.py."""

import subprocess
from pathlib import Path

import pytest

from software_update.testing import terminal
from software_update.testing.command import environment, python

CONFIRM = (
    "from software_update.cli.render.terminal import confirm, has_terminal\n"
    "assert has_terminal()\n"
    "print('answer', confirm('Sign it?'))"
)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("y", True), (" YES ", True), ("", False), ("n", False), ("yy", False), ("no yes", False)],
)
def test_only_y_and_yes_are_a_yes(tmp_path: Path, typed: str, answer: bool) -> None:
    status, shown = terminal.run(
        python("-c", CONFIRM), "Sign it? [y/N] ", typed, cwd=tmp_path, env=environment()
    )
    assert status == 0, shown
    assert f"answer {answer}" in shown


def test_process_without_a_terminal() -> None:
    program = "from software_update.cli.render.terminal import has_terminal\nprint(has_terminal())"
    done = subprocess.run(
        python("-c", program),
        env=environment(),
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")
