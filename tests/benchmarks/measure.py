"""Runs commands in turn, so that a slow minute of the machine slows all of them.

pyperf's own loop runs one command after the other, and measures no CPU time of a command.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyperf import Run  # type: ignore[import-untyped]

from tests.benchmarks.results import BenchmarkError, Row, run_of

SPAWN = Path(__file__).with_name("spawn.py")


@dataclass(frozen=True)
class Command:
    """A command, the text that the page shows, and checks that it did its work.

    `artifact` is removed before and after each run, and must then have at least `least` bytes; the standard
    output must contain `says`. `prepare` runs before each run and is not timed. `server` is a process that
    works for the command; its CPU time and memory count, too.
    """

    tool: str
    argv: Sequence[str | Path]
    shown: str = ""
    size: int = 0
    artifact: Path | None = None
    least: int = 1
    says: str = ""
    prepare: Callable[[], object] = lambda: None
    server: int = 0
    environment: Mapping[str, str] | None = None
    folder: Path | None = None


def run(command: Command) -> Run:
    """Runs a command once. It must succeed and do its work."""
    remove(command.artifact)
    command.prepare()
    before = cpu_of(command.server) if command.server else 0
    if command.server:
        # Linux then counts the largest resident set from now on.
        Path(f"/proc/{command.server}/clear_refs").write_text("5")
    with tempfile.TemporaryDirectory() as name:
        report, out, err = (Path(name, each) for each in ("report", "out", "err"))
        with out.open("w") as stdout, err.open("w") as stderr:
            done = subprocess.run(
                [sys.executable, "-I", "-S", SPAWN, report, *command.argv],
                cwd=command.folder,
                env=command.environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                check=False,
            )
        if done.returncode:
            said = reason(err.read_text(errors="replace"))
            raise BenchmarkError(f"{command.tool} ended with {done.returncode}: {said}")
        if command.says not in out.read_text(errors="replace"):
            raise BenchmarkError(
                f"{command.tool} does not say {command.says!r}, so it may not have checked"
            )
        wall, cpu, peak = map(float, report.read_text().split())
    if command.artifact and (made := size_of(command.artifact)) < command.least:
        raise BenchmarkError(f"{command.tool} made {made} bytes of at least {command.least}")
    if command.server:
        cpu += cpu_of(command.server) - before
        peak = max(peak, peak_of(command.server))
    return run_of(wall, cpu, int(peak))


def cpu_of(process: int) -> float:
    """Returns the seconds of CPU that a process and its ended children have used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def peak_of(process: int) -> int:
    """Returns the bytes of the largest resident set of a process since it was reset."""
    status = Path(f"/proc/{process}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def in_turn(commands: Sequence[Command], rounds: int) -> list[Row]:
    """Runs all commands one after the other, `rounds` times, after a round that warms the caches."""
    runs: list[list[Run]] = [[] for _ in commands]
    for _ in range(1 + rounds):
        for command, found in zip(commands, runs, strict=True):
            found.append(run(command))
            remove(command.artifact)
    return [
        Row(each.tool, each.shown, tuple(found[1:]), each.size)
        for each, found in zip(commands, runs, strict=True)
    ]


def reason(said: str) -> str:
    """Returns the line that says why a program failed: Bazel's first error, or the last line."""
    lines = said.strip().splitlines() or ["it printed nothing"]
    return next((line for line in lines if line.startswith("ERROR:")), lines[-1])


def size_of(path: Path) -> int:
    """Returns the bytes of a file, or of all files in a folder; 0 if it does not exist."""
    return sum(each.stat().st_size for each in (path, *path.rglob("*")) if each.is_file())


def remove(path: Path | None) -> None:
    """Removes a file or a folder, if it exists."""
    if path and path.is_dir():
        shutil.rmtree(path)
    elif path:
        path.unlink(missing_ok=True)
