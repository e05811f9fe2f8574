"""Renders docs/explanation/benchmarks.md from the results. Nothing in the page is typed by hand."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence

from tests.benchmarks.goals import GOALS
from tests.benchmarks.plots import PLOTS
from tests.benchmarks.results import Results, Row, Spread, Tables, machine_of, ratios, spread

COMMAND = "./bazelw run //tests/benchmarks -- --output docs/explanation/benchmarks.md"
WHAT = """\
This page compares the cost of our commands and our Bazel rules with other tools that do the same work on
the same files.
"""
QUICK = """\
**This was a quick run, with less work than goals and titles are for. It only shows that everything runs.**
"""
HOW = """\
The commands of a table ran in turn, {rounds} times, after one round that warmed the page cache, so a slow
minute of the machine slowed all of them. Each cell has the median and, in brackets, the least and the most;
a ratio compares two runs next to each other. CPU is user and system time of all processes. Memory is the
largest resident set of one process; less than {floor:.0f} MiB, the size of an idle Python, cannot be
measured. Each command made its output, with the payload in it, and accepted what it had to accept.
The load average of the machine was {load:.2f} (median), with the commands in it.
"""
TITLES = {
    "one_file_create": "Make a signed artifact of one file of 1 GiB",
    "one_file_verify": "Check a signed artifact of one file of 1 GiB",
    "sixteen_files_create": "Make a signed artifact of 16 files of 64 MiB",
    "sixteen_files_verify": "Check a signed artifact of 16 files of 64 MiB",
    "thousand_files_create": "Make a signed artifact of 1000 files of 10 KiB",
    "thousand_files_verify": "Check a signed artifact of 1000 files of 10 KiB",
    "targets_create": "bundle create, by number of targets",
    "targets_verify": "bundle verify, by number of targets",
    "targets_inspect": "bundle inspect, by number of targets",
    "start": "Start-up",
    "install": "Install one image of 1 GiB into a raw slot",
    "diff": "Compare two bundles of one file of 1 GiB each",
    "page": "Write the page of a release of 40 targets, which it verifies",
    "bazel_thousand_clean": "1000 targets of 10 KiB in Bazel: clean",
    "bazel_thousand_again": "1000 targets of 10 KiB in Bazel: built again",
    "bazel_bundles": "500 bundles of 4 targets in Bazel: clean",
    "bazel_sign": "A payload of 1024 MiB in Bazel: signed with another key",
}
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

rauc hashes the bundle, and then writes the slot and syncs. The client hashes the image while it writes,
syncs, reads the slot back and hashes it again. dd only writes and syncs. Time and memory of rauc are those
of its command and its service.
"""


def page(results: Results, folder: str) -> str:
    """Returns the page; its plots are in `folder`, next to it."""
    processes = [r for name, rows in results.tables.items() if not of_server(name) for r in rows]
    rounds = min((len(row.runs) for row in processes), default=0)
    floor = min((row.peak.least for row in processes), default=0)
    machine = machine_of(processes[0].runs[0]) if processes else []
    loads = [run.get_metadata().get("load_avg_1min", 0) for row in processes for run in row.runs]
    tools = [f"- {name} {said}" for name, said in sorted(results.tools.items())]
    parts = [
        "# Benchmarks",
        f"<!-- Written by: {COMMAND} -->",
        WHAT,
        QUICK if results.quick else "",
        "\n".join(f"- {line}" for line in machine),
        HOW.format(rounds=rounds, floor=floor, load=statistics.median(loads or [0])),
        "## Goals",
        goals(results),
        *(part for name in results.tables for part in section(name, results.tables, folder)),
        *(["## What Bazel ran", actions(results.facts)] if results.facts else []),
        "## The tools",
        "\n".join(tools),
        CANNOT,
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def goals(results: Results) -> str:
    """Returns the table of the goals. A quick run meets and misses none of them."""
    rows = []
    for goal in GOALS:
        value = goal.measured(results)
        measured = "not measured" if value is None else f"{number(value)} {goal.unit}"
        met = "met" if value is not None and value <= goal.limit else "**not met**"
        met = "" if value is None or results.quick else met
        rows.append((goal.work, goal.what, f"{goal.limit:g} {goal.unit}", measured, met))
    return grid(("work", "", "at most", "measured", ""), rows)


def of_server(table: str) -> bool:
    """Returns whether a server did the work of a table, so that CPU and memory are not known."""
    return table.startswith("bazel_")


def section(name: str, tables: Tables, folder: str) -> list[str]:
    """Returns a table, the plots that end with it, and its commands, each once."""
    rows = tables[name]
    by_size = len({row.tool for row in rows}) == 1 and len(rows) > 1
    largest = [row for row in rows if row.size == rows[-1].size]
    commands: dict[str, list[str]] = {}
    for row in largest:
        commands.setdefault(row.command, []).append(row.tool)
    shown = [f"{command}  # {'; '.join(tools)}" for command, tools in commands.items()]
    plots = [plot for plot in PLOTS if plot.tables[-1] == name and plot.lines(tables)]
    return [
        f"## {TITLES[name]}",
        row_grid(name, rows if by_size else largest, by_size),
        *(f"![{plot.title}]({folder}/{plot.name}.svg)" for plot in plots),
        "\n".join(["```sh", *shown, "```"]),
    ]


def row_grid(table: str, rows: Sequence[Row], by_size: bool) -> str:
    """Returns rows, each compared with the first; rows of one tool are by size."""
    base, several, process = rows[0], len(rows) > 1, not of_server(table)
    header = ["targets" if by_size else "", "seconds"]
    header += [f"x {base.size:,}" if by_size else f"x {base.tool}"] if several else []
    header += ["CPU, s", "MiB"] if process else []
    lines = []
    for row in rows:
        cells = [f"{row.size:,}" if by_size else row.tool, cell(row.wall)]
        cells += ["" if row is base else cell(spread(ratios(row, base)))] if several else []
        cells += [number(row.cpu), f"{row.peak.most:.0f}"] if process else []
        lines.append(cells)
    return grid(header, lines)


def actions(facts: dict[str, list[str]]) -> str:
    """Returns the actions that Bazel ran, which say more than a time."""
    rows = []
    for name, title in ACTIONS.items():
        if name in facts:
            counts = sorted(Counter(facts[name]).items())
            rows.append((title, ", ".join(f"{n} {action}" for action, n in counts) or "none"))
    return grid(("", "actions"), rows)


def cell(value: Spread) -> str:
    """Returns `MEDIAN (LEAST to MOST)`."""
    return "{} ({} to {})".format(*map(number, value))


def number(value: float) -> str:
    """Returns a number with three significant digits."""
    if value == int(value):
        return f"{value:,.0f}"
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}"


def grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table in Markdown."""
    lines = (header, ["---"] * len(header), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
