"""docs/getting_started.md, done as it says by a reader who has Bazel."""

import os
import shlex
from pathlib import Path

import pytest
from run_page import run

from tests.nested.nested_bazel import bazel, copy_sources

_PAGE = Path("docs/getting_started.md")


def write_command(folder: Path, name: str, *argv: str) -> None:
    """A command on PATH that goes on with the arguments it is given."""
    command = folder / name
    command.write_text(f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n')
    command.chmod(0o755)


def test_getting_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _PAGE.read_text()
    tool = str(Path(os.environ["SOFTWARE_UPDATE"]).absolute())
    copy_sources(tmp_path / "rules_software_update")
    product, commands = tmp_path / "product", tmp_path / "bin"
    product.mkdir()
    commands.mkdir()
    with bazel(product, tmp_path / "scratch") as server:
        write_command(commands, "bazel", *server.command())
        write_command(commands, "software-update", tool)
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", f"{commands}:{server.env['PATH']}")
        monkeypatch.chdir(product)
        problems = run(page)
        assert not problems, "\n\n".join(problems)
