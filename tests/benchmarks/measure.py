"""Runs commands in turn, so that a slow minute of the machine slows all of them.

pyperf's own loop runs one command after the other, and measures no CPU time of a command.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pyperf import Run  # type: ignore[import-untyped]

from tests.benchmarks.results import BenchmarkError, Row, run_of

SPAWN = Path(__file__).with_name("spawn.py")
# While we measure, other programs may use this much of one core. All waits together take at most this long.
QUIET_CORES = 0.2
PATIENCE_SECONDS = 60.0


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Command:
    """A command, the text that the page shows, and checks that it did its work.

    `outputs` are removed before each run and must exist after it. `prepare` runs before each run, and `check`
    gets the standard output of each and raises an error; neither is timed.
    """

    tool: str
    argv: tuple[str, ...]
    outputs: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    shown: str = ""
    size: int = 0
    prepare: Callable[[], None] = _nothing
    check: Callable[[str], None] | None = None


def run(command: Command) -> Run:
    """Runs a command once. It must succeed and make its outputs."""
    for path in command.outputs:
        _remove(path)
    command.prepare()
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        busy, begin = _busy_seconds(), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-I", "-S", SPAWN, out, err, *command.argv],
            cwd=command.folder,
            env=dict(command.environment) or None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        passed, busy = time.perf_counter() - begin, _busy_seconds() - busy
        if done.returncode:
            said = err.read_text(errors="replace") if err.exists() else done.stderr
            raise BenchmarkError(f"{_short(command)} ended with {done.returncode}: {reason(said)}")
        for path in command.outputs:
            if not path.exists():
                raise BenchmarkError(f"{_short(command)} has not made {path.name}")
        if command.check:
            command.check(out.read_text(errors="replace"))
    wall, user, system, peak = map(float, done.stdout.split())
    others = max(0.0, busy - user - system) / passed
    return run_of(wall, user + system, int(peak) * 1024, others)


def in_turn(
    commands: Sequence[Command], rounds: int, wait: Callable[[], None] = _nothing
) -> tuple[Row, ...]:
    """Runs all commands one after the other, `rounds` times, after a round that warms the caches.

    `wait` is called before each run.
    """
    runs: list[list[Run]] = [[] for _ in commands]
    for number in range(-1, rounds):
        for command, found in zip(commands, runs, strict=True):
            wait()
            once = run(command)
            if number >= 0:
                found.append(once)
            for path in command.outputs:
                _remove(path)
    return tuple(
        Row(command.tool, command.shown or shlex.join(command.argv), tuple(found), command.size)
        for command, found in zip(commands, runs, strict=True)
    )


def reason(said: str) -> str:
    """Returns the line that says why a program failed: Bazel's first error, or the last line."""
    lines = said.strip().splitlines() or ["it printed nothing"]
    return next((line for line in lines if line.startswith("ERROR:")), lines[-1])


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _short(command: Command) -> str:
    return f"{command.tool}: {command.shown or shlex.join(command.argv)[:200]}"


def _busy_seconds() -> float:
    """Returns the seconds that all cores have worked since the machine started; 0 without /proc/stat."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(each) for each in file.readline().split()[1:9]]
    except OSError:
        return 0.0
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


_patience = [PATIENCE_SECONDS]


def wait_for_quiet() -> None:
    """Waits until other programs use few cores, for at most PATIENCE_SECONDS in all."""
    while _patience[0] > 0:
        busy, begin = _busy_seconds(), time.monotonic()
        time.sleep(0.1)
        passed = time.monotonic() - begin
        if (_busy_seconds() - busy) / passed < QUIET_CORES:
            return
        _patience[0] -= passed
