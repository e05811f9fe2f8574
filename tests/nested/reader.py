"""A reader of a page, who has Bazel and the command `software-update`, in a folder of their own."""

import contextlib
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from run_page import run

from tests.nested.nested_bazel import bazel, copy_sources

_GIT = {
    "GIT_AUTHOR_EMAIL": "reader@example.com",
    "GIT_AUTHOR_NAME": "Reader",
    "GIT_COMMITTER_EMAIL": "reader@example.com",
    "GIT_COMMITTER_NAME": "Reader",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def follow(
    pages: list[Path],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Path], None] | None = None,
) -> Path:
    """Does what the pages say, next to a copy of this repository; every output is what a page shows.

    A page continues where the one before it ends. `prepare` makes more files in `folder` before. The
    product's folder, which the reader has made, is the current one afterwards.
    """
    texts = [page.read_text() for page in pages]
    for name, value in _GIT.items():
        monkeypatch.setenv(name, value)
    copy_sources(folder / "rules_software_update")
    if prepare:
        prepare(folder)
    product = folder / "product"
    product.mkdir()
    with _shell_in(product, folder, monkeypatch):
        for text in texts:
            problems = run(text)
            assert not problems, "\n\n".join(problems)
    return product


def git(folder: Path, *args: str) -> None:
    """Runs git in a folder."""
    subprocess.run(["git", *args], cwd=folder, check=True)


@contextlib.contextmanager
def in_copy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Makes a copy of this repository the current folder; its `./bazelw` ends with the `with`."""
    workspace = folder / "rules_software_update"
    copy_sources(workspace)
    # The copy lacks the sources of our own toolchains.
    (workspace / "user.bazelrc").write_text("common --ignore_dev_dependency\n")
    with _shell_in(workspace, folder, monkeypatch):
        (workspace / "bazelw").symlink_to(folder / "bin/bazel")
        yield workspace


@contextlib.contextmanager
def _shell_in(workspace: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Makes a folder the current one, with `bazel` and `software-update` on PATH."""
    tool = Path(os.environ["SOFTWARE_UPDATE"]).absolute()
    with bazel(workspace, folder / "scratch") as server:
        write_command(folder, "bazel", *server.command())
        write_command(folder, "software-update", str(tool))
        for name, value in server.env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PATH", f"{folder}/bin:{server.env['PATH']}")
        monkeypatch.chdir(workspace)
        yield


def write_command(folder: Path, name: str, *argv: str) -> None:
    """A command in the folder's bin that goes on with the arguments it is given."""
    command = folder / "bin" / name
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n')
    command.chmod(0o755)
