"""A reader of a page, who has Bazel and the command `software-update`, in a folder of their own."""

import os
import shlex
from pathlib import Path

import pytest
from run_page import run

from tests.nested.nested_bazel import bazel, copy_sources


def follow(pages: list[Path], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Does what the pages say, next to a copy of this repository; every output is what a page shows.

    A page continues where the one before it ends. The product's folder, which the reader has made, is the
    current one afterwards.
    """
    texts = [page.read_text() for page in pages]
    tool = Path(os.environ["SOFTWARE_UPDATE"]).absolute()
    copy_sources(folder / "rules_software_update")
    product = folder / "product"
    product.mkdir()
    with bazel(product, folder / "scratch") as server:
        write_command(folder, "bazel", *server.command())
        write_command(folder, "software-update", str(tool))
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", f"{folder}/bin:{server.env['PATH']}")
        monkeypatch.chdir(product)
        for text in texts:
            problems = run(text)
            assert not problems, "\n\n".join(problems)
    return product


def write_command(folder: Path, name: str, *argv: str) -> None:
    """A command in the folder's bin that goes on with the arguments it is given."""
    command = folder / "bin" / name
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n')
    command.chmod(0o755)
