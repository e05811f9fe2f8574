"""Renders docs/explanation/benchmarks.md from the results. Nothing in the page is typed by hand."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from tests.benchmarks.goals import Judged, judge
from tests.benchmarks.plots import PLOTS, lines_of
from tests.benchmarks.results import Results, Row, Spread, Table, machine_of, ratio

COMMAND = "./bazelw run //tests/benchmarks -- --output docs/explanation/benchmarks.md"
NOT_MEASURED = "not measured"

HOW = """\
The commands of a table ran in turn, {rounds} times, after one round that warmed the page cache, so a slow
minute of the machine slowed all of them. Each cell has the median and, in brackets, the least and the most;
a ratio compares two runs next to each other. CPU is user and system time of all processes. Memory is the
largest resident set of one process; less than {floor:.0f} MiB, the size of an idle Python, cannot be
measured. Each command made its output, with the payload in it, and accepted what it had to accept.
Meanwhile other programs used {others:.2f} of the machine's cores (median).
"""
QUICK = """\
**This was a quick run, with less work than the goals are for. Its figures only show that everything runs.**
"""
WHAT = """\
This page compares the cost of our commands and our Bazel rules with other tools that do the same work on
the same files.
"""
ACTIONS = {
    "bazel_clean": "many targets, clean",
    "bazel_changed": "... one target changed",
    "bazel_unchanged": "... nothing changed",
    "bazel_signed": "a large payload, another key",
    "bazel_signed_readers": "... of these, with the payload or the bundle as input",
}
CANNOT = """\
Only SWUpdate on a device checks what swugenerator makes. It is not measured with 16 files, because it
would take longer than all others together. imgtool signs one image, so it is only measured with one file.
python-tuf is a library: `tests/benchmarks/tuf_tool.py` is the program that was measured.
"""


def page(results: Results, folder: str) -> str:
    """Returns the page; its plots are in `folder`, next to it."""
    parts = [
        "# Benchmarks",
        f"<!-- Written by: {COMMAND} -->",
        WHAT,
        QUICK if results.quick else "",
        "\n".join(f"- {line}" for line in _conditions(results)),
        HOW.format(rounds=_rounds(results), floor=_floor(results), others=_others(results)),
        _goals(judge(results)),
        *(_section(table, results, folder) for table in results.tables),
        _actions(results),
        _tools(results),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def summary(judged: Sequence[Judged]) -> str:
    """Returns the goals and whether they were met, as text for a terminal."""
    lines = []
    for each in judged:
        goal, said = each.goal, {True: "met", False: "NOT MET", None: ""}[each.met]
        said = NOT_MEASURED if each.measured is None else said
        found = "" if each.measured is None else f": {_number(each.measured)} {goal.unit}"
        lines.append(f"{said:12} {goal.work}, {goal.what}{found} (at most {goal.limit:g})")
    failed = [each for each in judged if each.met is False]
    met = [each for each in judged if each.met]
    lines.append(f"{len(met)} of {len(judged)} goals met, {len(failed)} not met")
    return "\n".join(lines)


# --- parts of the page ---


def _conditions(results: Results) -> list[str]:
    """The machine, and the date if it is known."""
    runs = [run for table in results.tables for row in table.rows for run in row.runs]
    date = [f"date: {results.date}"] if results.date else []
    return [*(machine_of(runs[0]) if runs else ()), *date]


def _goals(judged: Sequence[Judged]) -> str:
    rows = []
    for each in judged:
        goal, value = each.goal, each.measured
        measured = NOT_MEASURED if value is None else f"{_number(value)} {goal.unit}"
        met = {True: "met", False: "**not met**", None: ""}[each.met]
        rows.append((goal.work, goal.what, f"{goal.limit:g} {goal.unit}", measured, met))
    return "## Goals\n\n" + grid(("work", "", "at most", "measured", ""), rows)


def _section(table: Table, results: Results, folder: str) -> str:
    """A table, the plots that end with it, and its commands."""
    plots = [plot for plot in PLOTS if plot.tables[-1] == table.name and lines_of(plot, results)]
    images = [f"![{plot.title}]({folder}/{plot.name}.svg)" for plot in plots]
    return "\n\n".join([f"## {table.title}", _rows(table), *images, _commands(table)])


def _rows(table: Table) -> str:
    """The rows that the page shows; a table of one tool has them by size."""
    by_size = len(table.tools) == 1 and len(table.sizes) > 1
    rows = list(table.rows) if by_size else _largest(table)
    base = rows[0]
    names = [table.horizontal if by_size else "", "seconds"]
    names += [f"x {base.size:,}" if by_size else f"x {base.tool}"] if len(rows) > 1 else []
    names += ["CPU, s", "MiB"] if table.of_process else []
    lines = []
    for row in rows:
        name = f"{row.size:,}" if by_size else row.tool
        cells = [name, _spread(row.wall)]
        cells += ["" if row is base else _spread(ratio(row, base))] if len(rows) > 1 else []
        cells += [_number(row.cpu.median), f"{row.peak.most:.0f}"] if table.of_process else []
        lines.append(cells)
    return grid(names, lines)


def _largest(table: Table) -> list[Row]:
    """The rows of the largest size, or all rows if they have no sizes."""
    return [row for row in table.rows if row.size == table.sizes[-1] or not table.horizontal]


def _commands(table: Table) -> str:
    """The commands of the largest size, each once."""
    shown: dict[str, list[str]] = {}
    for row in _largest(table):
        shown.setdefault(row.command, []).append(row.tool)
    lines = [f"{command}  # {'; '.join(tools)}" for command, tools in shown.items()]
    return "\n".join(["```sh", *lines, "```"])


def _actions(results: Results) -> str:
    """The actions that Bazel ran, which say more than a time."""
    if not results.facts:
        return ""
    rows = []
    for name, title in ACTIONS.items():
        if name in results.facts:
            counts = sorted(Counter(results.facts[name]).items())
            shown = ", ".join(f"{count} {action}" for action, count in counts)
            rows.append((title, shown or "none"))
    return "## What Bazel ran\n\n" + grid(("", "actions"), rows)


def _tools(results: Results) -> str:
    lines = ["## The tools", ""]
    lines += [f"- {name} {version}" for name, version in sorted(results.versions.items())]
    lines += [
        f"- {name}: not measured, {reason}" for name, reason in sorted(results.missing.items())
    ]
    return "\n".join([*lines, "", CANNOT])


# --- numbers ---


def _runs(results: Results) -> list[Row]:
    """The rows of processes; a server does the work of the others."""
    return [row for table in results.tables if table.of_process for row in table.rows]


def _rounds(results: Results) -> int:
    return min((len(row.runs) for row in _runs(results)), default=0)


def _floor(results: Results) -> float:
    """The memory that even a program that does nothing uses."""
    return min((row.peak.least for row in _runs(results)), default=0)


def _others(results: Results) -> float:
    found = [value for row in _runs(results) for value in row.metadata("other_cores")]
    return statistics.median(found) if found else 0


def _spread(value: Spread) -> str:
    numbers = [_number(each) for each in (value.median, value.least, value.most)]
    return f"{numbers[0]} ({numbers[1]} to {numbers[2]})"


def _number(value: float) -> str:
    """Three significant digits."""
    if value == int(value):
        return f"{value:,.0f}"
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}"


def grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table in Markdown."""
    lines = (header, ["---"] * len(header), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
