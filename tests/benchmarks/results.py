"""Measurements: pyperf keeps the runs, their medians and the machine; this module has tables and ratios.

A pyperf benchmark is one command. Each of its runs has the seconds by the wall as its value, and as
metadata `cpu` (seconds, user and system), `command_max_rss` (bytes) and `other_cores` (cores that other
programs used).
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pyperf import Benchmark, BenchmarkSuite, Run  # type: ignore[import-untyped]

MIB = 2**20


class BenchmarkError(Exception):
    """One line for the user: the thing, what is wrong with it, what to do."""


class Spread(NamedTuple):
    """The median of some values, the least and the most."""

    median: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Returns the spread of at least one value."""
    return Spread(statistics.median(values), min(values), max(values))


def run_of(wall: float, cpu: float, peak_bytes: int, other_cores: float) -> Run:
    """Returns one run of a command, with the machine that pyperf describes."""
    found = {"cpu": cpu, "command_max_rss": peak_bytes, "other_cores": other_cores}
    return Run([wall], metadata={"name": "command", **found})


@dataclass(frozen=True)
class Row:
    """A command that was run several times; `size` is its place on the horizontal axis of a plot."""

    tool: str
    command: str
    runs: tuple[Run, ...]
    size: int = 0

    @property
    def walls(self) -> list[float]:
        """Seconds by the wall of each run."""
        return [value for run in self.runs for value in run.values]

    def metadata(self, name: str) -> list[float]:
        """Returns one value of the metadata of each run."""
        return [float(run.get_metadata()[name]) for run in self.runs]

    @property
    def wall(self) -> Spread:
        """Seconds by the wall."""
        return spread(self.walls)

    @property
    def cpu(self) -> Spread:
        """Seconds of CPU, user and system."""
        return spread(self.metadata("cpu"))

    @property
    def peak(self) -> Spread:
        """Peak resident memory in MiB."""
        return spread([value / MIB for value in self.metadata("command_max_rss")])


@dataclass(frozen=True)
class Table:
    """Rows that were run in turn. The others are compared with the first."""

    name: str
    title: str
    rows: tuple[Row, ...]
    horizontal: str = ""
    of_process: bool = True  # False: a server did the work, so CPU and memory are not known

    def rows_of(self, tool: str) -> list[Row]:
        """Returns a tool's rows, by size."""
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
        """Returns one row, if it was measured."""
        return next((row for row in self.rows_of(tool) if row.size == size), None)


@dataclass(frozen=True)
class Results:
    """The results of one run of the benchmarks; `facts` are the actions that Bazel ran."""

    date: str
    quick: bool
    versions: dict[str, str]
    missing: dict[str, str]
    tables: tuple[Table, ...]
    facts: dict[str, tuple[str, ...]]

    def table(self, name: str) -> Table | None:
        """Returns a table by name, if it was measured."""
        return next((table for table in self.tables if table.name == name), None)


def ratios(row: Row, base: Row) -> list[float]:
    """Returns how many times as long as `base` a row took: each run is compared with the one next to it."""
    return [ours / theirs for ours, theirs in zip(row.walls, base.walls, strict=True)]


def ratio(row: Row, base: Row) -> Spread:
    """Returns the spread of the ratios of two rows."""
    return spread(ratios(row, base))


def machine_of(run: Run) -> tuple[str, ...]:
    """Returns the processor, cores, kernel and Python of a run; nothing that names the machine."""
    found = run.get_metadata()
    kernel = "-".join(str(found["platform"]).split("-")[:2])
    return (
        f"processor: {found.get('cpu_model_name', 'unknown')}",
        f"cores: {found['cpu_count']}",
        f"kernel: {kernel}",
        f"Python: {found['python_version']}",
    )


def save(tables: Sequence[Table], path: Path) -> None:
    """Writes all runs to a file of pyperf's, for `load` and for `python -m pyperf compare_to`."""
    benchmarks = []
    for table in tables:
        for row in table.rows:
            benchmark = Benchmark(row.runs)
            name = f"{table.name}: {row.tool}" + (f", {row.size}" if row.size else "")
            place = {"table": table.name, "tool": row.tool, "size": row.size}
            benchmark.update_metadata({"name": name, **place})
            benchmarks.append(benchmark)
    BenchmarkSuite(benchmarks).dump(str(path), replace=True)


def load(path: Path) -> Results:
    """Returns the tables and runs of a file that `save` wrote, without titles and commands."""
    rows: dict[str, list[Row]] = {}
    for benchmark in BenchmarkSuite.load(str(path)):
        found, runs = benchmark.get_metadata(), tuple(benchmark.get_runs())
        rows.setdefault(found["table"], []).append(Row(found["tool"], "", runs, found["size"]))
    tables = tuple(Table(name, "", tuple(some)) for name, some in rows.items())
    return Results(date="", quick=False, versions={}, missing={}, tables=tables, facts={})
