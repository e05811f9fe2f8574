"""Runs the pages that need no Bazel. (tests/nested does the same with guides/getting_started.md.)"""

import os
import shutil
from pathlib import Path

import pytest
from run_page import Command, commands, matches, run

_ROOT = Path.cwd()
_CLI = _ROOT / "docs/reference/cli"
_NEW_REPOSITORY = ("repository-init.md", "repository-add.md")
_PAGES = sorted(
    path
    for path in _CLI.glob("*.md")
    if path.name != "README.md" and commands(path.read_text(encoding="utf-8"))
)


def put_on_path(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Makes `software-update` in a folder, and puts the folder on PATH."""
    command = folder / "software-update"
    command.write_text(f"#!/bin/sh\nexec '{_ROOT / os.environ['SOFTWARE_UPDATE']}' \"$@\"\n")
    command.chmod(0o755)
    patch.setenv("PATH", f"{folder}:/usr/local/bin:/usr/bin:/bin")


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty, with `software-update` on PATH."""
    (tmp_path / "bin").mkdir()
    put_on_path(tmp_path / "bin", monkeypatch)
    (tmp_path / "scratch").mkdir()
    monkeypatch.chdir(tmp_path / "scratch")
    return tmp_path / "scratch"


@pytest.mark.usefixtures("scratch")
@pytest.mark.parametrize(
    "page",
    [
        "guides/audit.md",
        "guides/diff.md",
        "guides/rollouts.md",
        "guides/root_ceremony.md",
        "guides/signing_services.md",
        "guides/two_teams.md",
        "start/security_engineer.md",
    ],
)
def test_page(page: str) -> None:
    text = (_ROOT / "docs" / page).read_text()
    assert commands(text)
    problems = run(text)
    assert not problems, "\n\n".join(problems)


@pytest.fixture(scope="module")
def first_bundle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder with the files that the command line's first page makes, and the problems of that page."""
    folder = tmp_path_factory.mktemp("first_bundle")
    with pytest.MonkeyPatch.context() as patch:
        put_on_path(tmp_path_factory.mktemp("bin"), patch)
        patch.chdir(folder)
        return folder, run((_CLI / "README.md").read_text())


def test_first_page_of_command_line(first_bundle: tuple[Path, list[str]]) -> None:
    _, problems = first_bundle
    assert not problems, "\n\n".join(problems)


@pytest.fixture(scope="module")
def first_repository(
    tmp_path_factory: pytest.TempPathFactory, first_bundle: tuple[Path, list[str]]
) -> tuple[Path, list[str]]:
    """A folder with a repository and its keys, as two pages make them, and the problems of these pages."""
    folder = tmp_path_factory.mktemp("first_repository")
    shutil.copytree(first_bundle[0], folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        put_on_path(tmp_path_factory.mktemp("bin"), patch)
        patch.chdir(folder)
        return folder, [
            problem for page in _NEW_REPOSITORY for problem in run((_CLI / page).read_text())
        ]


def test_pages_that_make_a_repository(first_repository: tuple[Path, list[str]]) -> None:
    _, problems = first_repository
    assert not problems, "\n\n".join(problems)


@pytest.mark.parametrize(
    "page",
    [
        path.name
        for path in _PAGES
        if path.name.startswith("repository-") and path.name not in _NEW_REPOSITORY
    ],
)
def test_page_about_a_repository(
    page: str, first_repository: tuple[Path, list[str]], scratch: Path
) -> None:
    """The commands of a page work on the repository that the first pages made."""
    folder, _ = first_repository
    shutil.copytree(folder, scratch, dirs_exist_ok=True)
    problems = run((_CLI / page).read_text())
    assert not problems, "\n\n".join(problems)


@pytest.mark.parametrize(
    "page",
    [
        *(path.name for path in _PAGES if not path.name.startswith("repository-")),
        "../../explanation/compression.md",
    ],
)
def test_page_of_command(page: str, first_bundle: tuple[Path, list[str]], scratch: Path) -> None:
    """The commands of a page work on the files that the first page made."""
    folder, _ = first_bundle
    shutil.copytree(folder, scratch, dirs_exist_ok=True)
    problems = run((_CLI / page).read_text())
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
