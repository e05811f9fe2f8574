"""Runs the commands of the guide to the client, and those of the page about its command."""

import subprocess
from pathlib import Path

import pytest
from run_page import commands, run, write_programs

_ROOT = Path.cwd()
_GUIDE = (_ROOT / "docs/guides/client.md").read_text(encoding="utf-8")
_COMMAND = (_ROOT / "docs/reference/client_command.md").read_text(encoding="utf-8")
# The guide makes the device until here.
_DEVICE_IS_MADE = "Tell the client which release"


@pytest.fixture(autouse=True)
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the current folder an empty one, and puts both commands on PATH."""
    write_programs(tmp_path / "bin", _ROOT)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/local/bin:/usr/bin:/bin")
    (tmp_path / "scratch").mkdir()
    monkeypatch.chdir(tmp_path / "scratch")


def test_guide() -> None:
    assert commands(_GUIDE)
    problems = run(_GUIDE)
    assert not problems, "\n\n".join(problems)


def test_page_of_the_command() -> None:
    start, marker, _ = _GUIDE.partition(_DEVICE_IS_MADE)
    assert marker
    problems = run(start + _COMMAND)
    assert not problems, "\n\n".join(problems)


def test_page_has_each_subcommand() -> None:
    headings = [line[3:] for line in _COMMAND.splitlines() if line.startswith("## ")]
    listed = [name for name in headings if name.islower() and " " not in name]
    shown = subprocess.run(
        ["software-update-client", "--help"], check=True, capture_output=True, text=True
    ).stdout
    names = [line.split()[0] for line in shown.splitlines() if line.startswith("  ")]
    assert sorted(listed) == sorted(names)
