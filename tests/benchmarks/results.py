"""Results: rows of tables, whose runs pyperf keeps, and ratios of runs next to each other."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pyperf import Benchmark, BenchmarkSuite, Run  # type: ignore[import-untyped]

MIB, GIB = 2**20, 2**30


class BenchmarkError(SystemExit):
    """Ends the program with one line: the thing, what is wrong with it, what to do."""


class Spread(NamedTuple):
    """The median of some values, the least and the most."""

    median: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Returns the spread of at least one value."""
    return Spread(statistics.median(values), min(values), max(values))


def run_of(wall: float, cpu: float, peak: int) -> Run:
    """Returns one run: seconds by the wall and of CPU, peak bytes, and what pyperf knows of the machine."""
    return Run([wall], metadata={"name": "command", "cpu": cpu, "command_max_rss": peak})


@dataclass(frozen=True)
class Row:
    """A command that ran several times; `size` is its place on the horizontal axis of a plot."""

    tool: str
    command: str
    runs: tuple[Run, ...]
    size: int = 0

    @property
    def walls(self) -> list[float]:
        """Seconds by the wall of each run."""
        return [value for run in self.runs for value in run.values]

    @property
    def wall(self) -> Spread:
        """Seconds by the wall."""
        return spread(self.walls)

    @property
    def cpu(self) -> float:
        """The median of the seconds of CPU, user and system."""
        return statistics.median(float(run.get_metadata()["cpu"]) for run in self.runs)

    @property
    def peak(self) -> Spread:
        """Peak resident memory in MiB."""
        return spread([run.get_metadata()["command_max_rss"] / MIB for run in self.runs])


# By name of the table. The rows of a table ran in turn; the others are compared with the first.
Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Results:
    """The results of one run of the benchmarks.

    `facts` are the actions that Bazel ran; `tools` are their versions, or the reasons why they are missing.
    """

    tables: Tables
    facts: dict[str, list[str]] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    quick: bool = False


def ratios(row: Row, base: Row) -> list[float]:
    """Returns how many times as long as `base` a row took: each run is compared with the one next to it."""
    return [ours / theirs for ours, theirs in zip(row.walls, base.walls, strict=True)]


def machine_of(run: Run) -> list[str]:
    """Returns the processor, cores, kernel, Python and date of a run; nothing that names the machine."""
    found = run.get_metadata()
    return [
        f"processor: {found.get('cpu_model_name', 'unknown')}",
        f"cores: {found['cpu_count']}",
        f"kernel: {'-'.join(found['platform'].split('-')[:2])}",
        f"Python: {found['python_version']}",
        f"date: {found['date'].split()[0]}",
    ]


def save(tables: Tables, path: Path) -> None:
    """Writes all runs to a file, for `python -m pyperf compare_to`."""
    benchmarks = []
    for table, rows in tables.items():
        for row in rows:
            benchmark = Benchmark(row.runs)
            name = f"{table}: {row.tool}" + (f", {row.size}" if row.size else "")
            benchmark.update_metadata({"name": name})
            benchmarks.append(benchmark)
    BenchmarkSuite(benchmarks).dump(str(path), replace=True)
