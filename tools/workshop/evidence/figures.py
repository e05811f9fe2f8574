"""Figures of the evidence report: they are counted in a moment, or measured by a long command."""

from __future__ import annotations

import datetime
import enum
import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Origin(enum.Enum):
    """The way in which a figure came into a report."""

    COUNTED = "counted"
    """By its command, at the report's commit and date."""
    MEASURED = "measured"
    """By its command, which takes long, at the report's commit and date."""
    RECORDED = "recorded"
    """From the file of results, which names the commit and the date of the measurement."""
    MISSING = "missing"
    """Not at all; the note says why."""


class State(NamedTuple):
    """A commit of the tree, and the time in UTC at which someone looked at it."""

    commit: str
    date: str


class Figure(NamedTuple):
    """A figure with the command that made it. `value` is None if the figure is missing.

    `note` has the parts of the output from which the value was read, or the reason why it is missing.
    """

    section: str
    name: str
    value: int | float | None
    unit: str
    command: str
    origin: Origin
    state: State
    note: str = ""


class Count(NamedTuple):
    """A figure that a shell command counts in a moment: the command prints it and nothing else."""

    section: str
    name: str
    unit: str
    command: str


class Measure(NamedTuple):
    """A figure in the output of a command that takes minutes.

    The value is the sum of the numbers that `pattern` finds in lines of the output. There is no value if
    it finds none, or if the command does not end with status 0.
    """

    section: str
    name: str
    unit: str
    command: str
    pattern: str
    minutes: int


def now(top: Path) -> State:
    """Returns the commit of a tree, with the word "changed" if files differ from it, and the time."""
    date = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    git = ("git", "-c", f"safe.directory={top}", "-C", str(top))
    try:
        commit = _output([*git, "rev-parse", "HEAD"]).strip()
        changed = _output([*git, "status", "--porcelain"]).strip()
    except (OSError, subprocess.CalledProcessError):
        return State("unknown: not a git checkout", date)
    return State(f"{commit} (changed)" if changed else commit, date)


def count(top: Path, each: Count, state: State) -> Figure:
    """Returns a figure that its command counts in a tree.

    It is missing if the command fails or reports an error: the end of a pipe hides the status of its start.
    """
    done = shell(top, each.command)
    text = done.stdout.strip()
    if done.returncode or done.stderr or not text.isdecimal():
        problem = _last_line(done.stderr or text) or "prints nothing"
        return _missing(each, state, f"the command fails: {problem}")
    return Figure(
        each.section, each.name, int(text), each.unit, each.command, Origin.COUNTED, state
    )


def measure(top: Path, each: Measure, state: State) -> Figure:
    """Returns a figure that its command measures in a tree. It is missing if the command fails."""
    done = shell(top, each.command)
    lines = matching(each.pattern, done.stdout + done.stderr)
    if done.returncode or not lines:
        problem = _last_line(done.stderr) if done.returncode else "its output has no such line"
        return _missing(each, state, f"the command fails: {problem}")
    value = total(each.pattern, lines)
    return _measured(each, value, Origin.MEASURED, state, lines)


def recorded(each: Measure, results: Mapping[str, Any], state: State) -> Figure:
    """Returns a figure from the file of results. It is missing if nothing was recorded for its command.

    Raises ValueError if the recorded value is not that of the recorded output.
    """
    found = results.get(each.name)
    if found is None or found["command"] != each.command:
        return _missing(each, state, "it has not been measured; run the command")
    lines = found["output"]
    if (
        matching(each.pattern, "\n".join(lines)) != lines
        or total(each.pattern, lines) != found["value"]
    ):
        raise ValueError(
            f"{each.name}: the recorded value {found['value']} is not that of its output; measure it again"
        )
    then = State(found["commit"], found["date"])
    return _measured(each, found["value"], Origin.RECORDED, then, lines)


def record(figures: Iterable[Figure], results: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the results with those of figures that were measured now."""
    new = {
        each.name: {
            "value": each.value,
            "unit": each.unit,
            "command": each.command,
            "output": each.note.splitlines(),
            "commit": each.state.commit,
            "date": each.state.date,
        }
        for each in figures
        if each.origin is Origin.MEASURED
    }
    return dict(sorted({**results, **new}.items()))


def read_results(path: Path) -> dict[str, Any]:
    """Returns the recorded results by the names of their figures. Raises ValueError for another file."""
    document: Any = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object of results")
    return document


def matching(pattern: str, text: str) -> list[str]:
    """Returns the parts of lines that the pattern matches, with their numbers."""
    found = (re.search(pattern, line.strip()) for line in text.splitlines())
    return [each[0] for each in found if each]


def total(pattern: str, lines: Iterable[str]) -> int | float:
    """Returns the sum of the numbers in lines that `pattern` matches."""
    texts = [
        found[1].replace(",", "") for found in (re.search(pattern, each) for each in lines) if found
    ]
    return sum(float(each) if "." in each else int(each) for each in texts)


def shell(top: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command of a figure at the top of the tree."""
    return subprocess.run(
        ["sh", "-c", command],
        cwd=top,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        errors="replace",
    )


def _measured(
    each: Measure, value: int | float, origin: Origin, state: State, lines: Iterable[str]
) -> Figure:
    note = "\n".join(lines)
    return Figure(each.section, each.name, value, each.unit, each.command, origin, state, note)


def _missing(each: Count | Measure, state: State, problem: str) -> Figure:
    return Figure(
        each.section, each.name, None, each.unit, each.command, Origin.MISSING, state, problem
    )


def _output(argv: list[str]) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""
