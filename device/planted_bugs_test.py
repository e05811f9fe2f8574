"""The programs of power cuts find planted bugs; testing/planted_bugs.py has these."""

import os
from pathlib import Path

import pytest
from power_cuts import run_program, write_bundles


@pytest.mark.parametrize("program", os.environ["PLANTED"].split())
def test_planted_bug_is_found(tmp_path: Path, program: str) -> None:
    write_bundles(tmp_path)
    done = run_program(program, str(tmp_path), "1", "5", "0")
    assert done.returncode == 1, f"{done.returncode}: {done.stdout}"
