"""What was measured, as data: runs, rows and tables, their medians and ratios, and JSON for the plots."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


class BenchmarkError(Exception):
    """One line for the user: the thing, what is wrong with it, what to do."""


@dataclass(frozen=True)
class Run:
    """One run: seconds by the wall and of CPU (user and system), peak MiB, and cores that others used."""

    wall: float
    cpu: float
    peak: float
    others: float


@dataclass(frozen=True)
class Spread:
    """The median of some values, and the least and the most."""

    median: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """The spread of at least one value."""
    return Spread(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Row:
    """A command that was run several times; `size` is what a plot has on its horizontal axis."""

    tool: str
    command: str
    runs: tuple[Run, ...]
    size: int = 0

    def of(self, value: Callable[[Run], float]) -> Spread:
        """The spread of one value of the runs."""
        return spread([value(run) for run in self.runs])

    @property
    def wall(self) -> Spread:
        """Seconds by the wall."""
        return self.of(lambda run: run.wall)

    @property
    def cpu(self) -> Spread:
        """Seconds of CPU, user and system."""
        return self.of(lambda run: run.cpu)

    @property
    def peak(self) -> Spread:
        """Peak resident memory in MiB."""
        return self.of(lambda run: run.peak)


@dataclass(frozen=True)
class Table:
    """Rows that were run in turn: the first is what the others are compared with."""

    name: str
    title: str
    rows: tuple[Row, ...]
    horizontal: str = ""
    of_process: bool = True  # False: the work was a server's, so CPU and memory are not known

    def rows_of(self, tool: str) -> list[Row]:
        """A tool's rows, by size."""
        return sorted((row for row in self.rows if row.tool == tool), key=lambda row: row.size)

    @property
    def tools(self) -> list[str]:
        """The tools, in order of their first row."""
        return list(dict.fromkeys(row.tool for row in self.rows))

    @property
    def sizes(self) -> list[int]:
        """All sizes, in order."""
        return sorted({row.size for row in self.rows})

    def row(self, tool: str, size: int) -> Row | None:
        """One row, if it was measured."""
        return next((row for row in self.rows_of(tool) if row.size == size), None)


@dataclass(frozen=True)
class Results:
    """All of a run of the benchmarks; `facts` are the actions that Bazel ran."""

    machine: tuple[str, ...]
    date: str
    quick: bool
    versions: dict[str, str]
    missing: dict[str, str]
    tables: tuple[Table, ...]
    facts: dict[str, tuple[str, ...]]

    def table(self, name: str) -> Table | None:
        """A table by name, if it was measured."""
        return next((table for table in self.tables if table.name == name), None)


def ratio(row: Row, base: Row) -> Spread:
    """How many times as long as `base`: of runs next to each other, so that a slow minute hits both."""
    pairs = zip(row.runs, base.runs, strict=True)
    return spread([ours.wall / theirs.wall for ours, theirs in pairs])


def to_json(results: Results) -> str:
    """All of it, for from_json."""
    return json.dumps(dataclasses.asdict(results), indent=1, sort_keys=True)


def from_json(text: str) -> Results:
    """What to_json has written."""
    value = json.loads(text)
    tables = tuple(
        Table(**{**table, "rows": tuple(_row(row) for row in table["rows"])})
        for table in value["tables"]
    )
    facts = {name: tuple(actions) for name, actions in value["facts"].items()}
    return Results(
        **{**value, "machine": tuple(value["machine"]), "tables": tables, "facts": facts}
    )


def _row(value: dict[str, object]) -> Row:
    runs = value.pop("runs")
    assert isinstance(runs, list)
    return Row(runs=tuple(Run(**run) for run in runs), **value)  # type: ignore[arg-type]
