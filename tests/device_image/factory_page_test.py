"""Runs the commands of the guide through the factory line."""

import os
from pathlib import Path

import pytest
from run_page import commands, run

_ROOT = Path.cwd()


def test_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("software-update", "software-update-client"):
        program = _ROOT / os.environ[name.upper().replace("-", "_")]
        (programs / name).write_text(f"#!/bin/sh\nexec '{program}' \"$@\"\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
    (tmp_path / "scratch").mkdir()
    monkeypatch.chdir(tmp_path / "scratch")
    page = (_ROOT / "docs/guides/factory.md").read_text(encoding="utf-8")
    assert commands(page)
    problems = run(page)
    assert not problems, "\n\n".join(problems)
