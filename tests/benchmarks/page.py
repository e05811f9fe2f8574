"""docs/explanation/benchmarks.md, from what was measured. Nothing in it is typed by hand."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from tests.benchmarks.goals import Judged, judge
from tests.benchmarks.plots import PLOTS, lines_of
from tests.benchmarks.results import Results, Row, Spread, Table, ratio

COMMAND = "./bazelw run //tests/benchmarks -- --output docs/explanation/benchmarks.md"
NOT_MEASURED = "not measured"

HOW = """\
Each table was measured in one go: its commands ran in turn, {rounds} times, after one round that warmed the
page cache, so that what slowed the machine slowed all of them. Given are the median and, in brackets, the
least and the most; a ratio is that of two runs next to each other. CPU is user and system time of all
processes; memory is the largest resident set of one of them, and what is below {floor:.0f} MiB, that of an
idle Python, cannot be told apart. Whatever a command makes was there afterwards, with its payload in it;
whatever is to be accepted was. Meanwhile other programs used {others:.2f} of the machine's cores (median).
"""
QUICK = """\
**This was a quick run, with less work than the goals are for: its figures show only that all of it runs.**
"""
WHAT = """\
What our commands and our Bazel rules cost, beside other tools that do the same work on the same files.
"""
ACTIONS = {
    "bazel_clean": "many targets, clean",
    "bazel_changed": "... one target changed",
    "bazel_unchanged": "... nothing changed",
    "bazel_signed": "a large payload, another key",
    "bazel_signed_readers": "... of these, with the payload or the bundle as input",
}
CANNOT = """\
swugenerator makes what only SWUpdate on a device checks, and is left out where there are 16 files, for it
would take longer than all the others together. imgtool signs one image, so it is only where there is one
file. python-tuf is a library: `tests/benchmarks/tuf_tool.py` is the program that was measured.
"""


def page(results: Results, folder: str) -> str:
    """The page; its plots are in `folder`, beside it."""
    parts = [
        "# Benchmarks",
        f"<!-- Written by: {COMMAND} -->",
        WHAT,
        QUICK if results.quick else "",
        "\n".join(f"- {line}" for line in (*results.machine, *_date(results))),
        HOW.format(rounds=_rounds(results), floor=_floor(results), others=_others(results)),
        _goals(judge(results)),
        *(_section(table, results, folder) for table in results.tables),
        _actions(results),
        _tools(results),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def summary(judged: Sequence[Judged]) -> str:
    """What of the goals was met, in words, for a terminal."""
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


def _date(results: Results) -> list[str]:
    return [f"date: {results.date}"] if results.date else []


def _goals(judged: Sequence[Judged]) -> str:
    lines = ["## Goals", "", "| work | | at most | measured | |", "|---|---|---|---|---|"]
    for each in judged:
        goal = each.goal
        measured = (
            NOT_MEASURED if each.measured is None else f"{_number(each.measured)} {goal.unit}"
        )
        met = {True: "met", False: "**not met**", None: ""}[each.met]
        limit = f"{goal.limit:g} {goal.unit}"
        lines.append(f"| {goal.work} | {goal.what} | {limit} | {measured} | {met} |")
    return "\n".join(lines)


def _section(table: Table, results: Results, folder: str) -> str:
    """A table, the plots that end with it, and its commands."""
    plots = [plot for plot in PLOTS if plot.tables[-1] == table.name and lines_of(plot, results)]
    images = [f"![{plot.title}]({folder}/{plot.name}.svg)" for plot in plots]
    return "\n\n".join([f"## {table.title}", _rows(table), *images, _commands(table)])


def _rows(table: Table) -> str:
    """The rows that the page shows; in a table of one tool they go by size."""
    by_size = len(table.tools) == 1 and len(table.sizes) > 1
    rows = list(table.rows) if by_size else _largest(table)
    base = rows[0]
    names = [table.horizontal if by_size else "", "seconds"]
    names += [f"x {base.size:,}" if by_size else f"x {base.tool}"] if len(rows) > 1 else []
    names += ["CPU, s", "MiB"] if table.of_process else []
    lines = [_line(names), _line(["---"] * len(names))]
    for row in rows:
        name = f"{row.size:,}" if by_size else row.tool
        cells = [name, _spread(row.wall)]
        cells += [_compared(row, base)] if len(rows) > 1 else []
        cells += [_number(row.cpu.median), f"{row.peak.most:.0f}"] if table.of_process else []
        lines.append(_line(cells))
    return "\n".join(lines)


def _largest(table: Table) -> list[Row]:
    """The rows of the largest size, or all where size means nothing."""
    return [row for row in table.rows if row.size == table.sizes[-1] or not table.horizontal]


def _compared(row: Row, base: Row) -> str:
    return "" if row is base else _spread(ratio(row, base))


def _commands(table: Table) -> str:
    """What was run, once for each command; those of the largest size."""
    shown: dict[str, list[str]] = {}
    for row in _largest(table):
        shown.setdefault(row.command, []).append(row.tool)
    lines = [f"{command}  # {'; '.join(tools)}" for command, tools in shown.items()]
    return "\n".join(["```sh", *lines, "```"])


def _actions(results: Results) -> str:
    """What Bazel ran, which tells more than a time."""
    if not results.facts:
        return ""
    lines = ["## What Bazel ran", "", "| | actions |", "|---|---|"]
    for fact, title in ACTIONS.items():
        ran = results.facts.get(fact)
        if ran is not None:
            counts = [f"{ran.count(name)} {name}" for name in sorted(set(ran))]
            lines.append(f"| {title} | {', '.join(counts) or 'none'} |")
    return "\n".join(lines)


def _tools(results: Results) -> str:
    lines = ["## The tools", ""]
    lines += [f"- {name} {version}" for name, version in sorted(results.versions.items())]
    lines += [
        f"- {name}: not measured, {reason}" for name, reason in sorted(results.missing.items())
    ]
    return "\n".join([*lines, "", CANNOT])


# --- numbers ---


def _runs(results: Results) -> list[Row]:
    """Those of processes; what a server does is another's work."""
    return [row for table in results.tables if table.of_process for row in table.rows]


def _rounds(results: Results) -> int:
    return min((len(row.runs) for row in _runs(results)), default=0)


def _floor(results: Results) -> float:
    """What even a program that does nothing is said to use."""
    return min((row.peak.least for row in _runs(results)), default=0)


def _others(results: Results) -> float:
    found = [run.others for row in _runs(results) for run in row.runs]
    return statistics.median(found) if found else 0


def _spread(value: Spread) -> str:
    numbers = [_number(each) for each in (value.median, value.least, value.most)]
    return f"{numbers[0]} ({numbers[1]} to {numbers[2]})"


def _number(value: float) -> str:
    """Three digits that count, and no more."""
    if value == int(value):
        return f"{value:,.0f}"
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
