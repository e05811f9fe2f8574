"""Formatters, linters and type checks."""

from __future__ import annotations

from pathlib import Path

from machine import make_venv, npm
from run import Run

BUILDIFIER = "@bazel/buildifier@8.2.1"


def buildifier(run: Run) -> None:
    """Starlark is formatted, and without lint."""
    folder = run.scratch / "npm"
    folder.mkdir()
    install = (npm(run), "install", "--no-save", "--ignore-scripts", "--prefix", folder)
    run.command(*install, BUILDIFIER)
    files = run.tracked("*.bzl", "*.bazel", "*/BUILD", "BUILD")
    program = folder / "node_modules/.bin/buildifier"
    run.command(program, "-mode=check", "-lint=warn", *files)


def lint_tools(run: Run) -> None:
    """The locked linters, and what our Python imports, install with pip."""
    python = make_venv(run, "lint")
    names = ("tools/python/runtime", "tools/workshop/locks/lint", "tools/workshop/locks/test")
    locks = [f"--requirement={name}.txt" for name in names]
    exact = ("--require-hashes", "--only-binary=:all:", "--no-deps")
    run.command(python, "-m", "pip", "install", "--quiet", *exact, *locks)


def ruff_check(run: Run) -> None:
    """Python has no lint."""
    run.command(*lint(run, "ruff"), "check", "--force-exclude", *run.tracked("*.py"))


def ruff_format(run: Run) -> None:
    """Python is formatted."""
    run.command(*lint(run, "ruff"), "format", "--check", "--force-exclude", *run.tracked("*.py"))


def mypy(run: Run) -> None:
    """Python is typed strictly."""
    files = [name for name in run.tracked("*.py") if not name.endswith("_pb2.py")]
    run.command(*lint(run, "mypy"), "--strict", *files)


def lint(run: Run, tool: str) -> tuple[str | Path, ...]:
    """A linter, as a command."""
    return (run.scratch / "lint/bin/python", "-m", tool)
