"""Runs the commands of the guide through the factory line."""

from pathlib import Path

import pytest
from run_page import commands, run, write_programs

_ROOT = Path.cwd()


def test_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_programs(tmp_path / "bin", _ROOT)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
    (tmp_path / "scratch").mkdir()
    monkeypatch.chdir(tmp_path / "scratch")
    page = (_ROOT / "docs/guides/factory.md").read_text(encoding="utf-8")
    assert commands(page)
    problems = run(page)
    assert not problems, "\n\n".join(problems)
