"""Runs the pages that need no Bazel. (tests/nested does the same with guides/getting_started.md.)"""

import os
from pathlib import Path

import pytest
from run_page import Command, commands, matches, run

_ROOT = Path.cwd()


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty, with `software-update` on PATH."""
    command = tmp_path / "bin" / "software-update"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\nexec '{_ROOT / os.environ['SOFTWARE_UPDATE']}' \"$@\"\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}:/usr/local/bin:/usr/bin:/bin")
    (tmp_path / "scratch").mkdir()
    monkeypatch.chdir(tmp_path / "scratch")
    return tmp_path / "scratch"


@pytest.mark.usefixtures("scratch")
@pytest.mark.parametrize(
    "page", ["cli.md", "guides/root_ceremony.md", "guides/signing_services.md"]
)
def test_page(page: str) -> None:
    text = (_ROOT / "docs" / page).read_text()
    assert commands(text)
    problems = run(text)
    assert not problems, "\n\n".join(problems)


@pytest.mark.usefixtures("scratch")
def test_a_wrong_page_is_noticed() -> None:
    page = "```text a.txt\na\n```\n```console\n$ cat a.txt\nb\n$ false\n$ echo $?\n1\n```\n"
    [problem] = run(page)
    assert problem.startswith("$ cat a.txt\nshown:\nb\n")


def test_commands() -> None:
    page = "```console\n$ a \\\n> b\nc\n```\n```sh\nno command\n```\n```console\n$ d\n```\n"
    assert commands(page) == [Command("a \\\nb", "c\n"), Command("d", "")]


def test_matches() -> None:
    assert matches("a\n...\nz ... z\n", "a\nb\nc\nz 1 z\n")
    assert not matches("a\n", "a\nb\n")
    assert not matches("", "warning\n")
    assert not matches("a.c\n", "abc\n")
