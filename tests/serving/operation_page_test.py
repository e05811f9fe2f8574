"""Tests of the page about the operation of a repository: its commands run as written, and so do its units."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from run_page import commands, run
from software_update.testing.command import done
from software_update.testing.repositories import RepositoryFolder, releases

TOP = Path.cwd()
PAGE = Path("docs/guides/operation.md").read_text(encoding="utf-8")
UNITS = dict(re.findall(r"^```ini (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
# Blocks with the name of a file are not commands here.
CONSOLE = re.sub(r"^```ini \S+\n.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin/software-update"
    command.write_text(f"#!/bin/sh\nexec '{TOP / os.environ['SOFTWARE_UPDATE']}' \"$@\"\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/local/bin:/usr/bin:/bin")
    (tmp_path / "scratch").mkdir()
    monkeypatch.chdir(tmp_path / "scratch")
    assert len(commands(CONSOLE)) > 20
    problems = run(CONSOLE)
    assert not problems, "\n\n".join(problems)


@pytest.mark.parametrize("unit", [name for name in UNITS if name.endswith(".service")])
def test_command_of_each_service_runs(tmp_path: Path, unit: str) -> None:
    repository = RepositoryFolder(tmp_path)
    repository.add(*releases(1))
    [line] = re.findall(r"^ExecStart=/usr/bin/software-update (.*)$", UNITS[unit], re.MULTILINE)
    places = {
        "/srv/updates": str(repository.path),
        "https://updates.example": str(repository.path),
        "/etc/updates/repository_root.json": str(repository.root),
        "%d/snapshot.pem": str(repository.key("snapshot")),
    }
    argv = [places.get(each, each) for each in shlex.split(line)]
    assert not [each for each in argv if each.startswith(("/etc", "/srv", "%"))]
    done(*argv, "--now=2027-01-15T09:00:00Z")


def test_each_key_that_a_service_needs_is_loaded() -> None:
    for name, text in UNITS.items():
        loaded = set(re.findall(r"^LoadCredential=([\w.]+):/etc/updates/\1$", text, re.MULTILINE))
        assert set(re.findall(r"%d/([\w.]+)", text)) == loaded, name
    assert "LoadCredential" not in UNITS["repository-check.service"]


def test_each_timer_has_a_service() -> None:
    timers = [name for name in UNITS if name.endswith(".timer")]
    assert len(timers) == 2
    assert all(name.replace(".timer", ".service") in UNITS for name in timers)


def test_each_command_of_the_calendar_exists() -> None:
    table = PAGE.partition("| when |")[2].partition("\n\n")[0]
    for command in re.findall(r"`repository ([\w-]+)", table):
        assert Path(f"docs/reference/cli/repository-{command}.md").is_file(), command


def test_units_have_only_sections_and_settings() -> None:
    for text in UNITS.values():
        assert re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)[:1] == ["Unit"]
        assert all(re.fullmatch(r"\[\w+\]|[A-Za-z]+=.+|", line) for line in text.splitlines())
