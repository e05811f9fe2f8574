"""Runs the commands of the pages about a first release, testing, and recipes for missing parts."""

from pathlib import Path

import pytest
from run_page import commands, run, write_programs

_ROOT = Path.cwd()
_PAGES = (
    "explanation/delta.md",
    "explanation/revocation.md",
    "explanation/stepping_stones.md",
    "guides/encrypted_payloads.md",
    "guides/first_release.md",
    "guides/testing.md",
)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the current folder an empty one, and puts both commands on PATH."""
    write_programs(tmp_path / "bin", _ROOT)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/local/bin:/usr/bin:/bin")
    (tmp_path / "scratch").mkdir()
    monkeypatch.chdir(tmp_path / "scratch")


@pytest.mark.usefixtures("scratch")
@pytest.mark.parametrize("page", _PAGES)
def test_page(page: str) -> None:
    text = (_ROOT / "docs" / page).read_text(encoding="utf-8")
    assert commands(text)
    problems = run(text)
    assert not problems, "\n\n".join(problems)
