"""Draws the plots of the page: `python -m tests.benchmarks.plots RUNS.json FOLDER`.

The virtual environment of the peers has matplotlib. The same runs give the same bytes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.results import Results, Row, Spread, load

OURS = "software-update"
BLUE, GREY, INK, PALE = "#0b57d0", "#8a8f98", "#30343b", "#e3e6ea"
OTHERS = {
    "python-tuf": "#b06000",
    "python-tuf, metadata only": "#b06000",
    "python-tuf, with a copy": "#e0a030",
    "mender-artifact": "#137333",
    "rauc": "#a142a8",
    "imgtool": "#c5221f",
    "swugenerator": "#12858d",
}
FLOORS = ("openssl dgst", "cp")
UNITS = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


@dataclass(frozen=True)
class Plot:
    """A plot of some tables, with a line for each of their tools. `value` is `wall` or `peak`."""

    name: str
    tables: tuple[str, ...]
    title: str
    horizontal: str
    vertical: str
    value: str
    scale: str


def _plots(
    name: str, tables: str, titles: tuple[str, str], horizontal: str, scale: str
) -> list[Plot]:
    """The time and the memory of the same tables."""
    how = (("time", "seconds", "wall"), ("memory", "peak MiB", "peak"))
    return [
        Plot(f"{name}_{what}", tuple(tables.split()), title, horizontal, vertical, value, scale)
        for (what, vertical, value), title in zip(how, titles, strict=True)
    ]


MAKE = ("Make an artifact of one file", "Memory to make it")
CHECK = ("Check an artifact of one file", "Memory to check it")
MANY = ("Bundles of many targets", "Memory for many targets")
ALL_TARGETS = "targets_create targets_verify targets_inspect"
PLOTS = (
    *_plots("create", "one_file_create", MAKE, "size", "log"),
    *_plots("verify", "one_file_verify", CHECK, "size", "log"),
    *_plots("targets", ALL_TARGETS, MANY, "number of targets", "linear"),
)
OF_TABLES = {
    "targets_create": ("bundle create", BLUE),
    "targets_verify": ("bundle verify", "#b06000"),
    "targets_inspect": ("bundle inspect", "#137333"),
}


@dataclass(frozen=True)
class Line:
    """A line of a plot: the rows of one tool, by size."""

    name: str
    colour: str
    style: str
    width: float
    rows: list[Row]


def lines_of(plot: Plot, results: Results) -> list[Line]:
    """Returns the lines of a plot: ours is drawn over the others, which are drawn over the floor."""
    lines = []
    for table in filter(None, map(results.table, plot.tables)):
        for tool in sorted(table.tools, key=lambda tool: (tool == OURS, tool not in FLOORS)):
            colour = BLUE if tool == OURS else GREY if tool in FLOORS else OTHERS.get(tool, INK)
            name, colour = OF_TABLES.get(table.name, (tool, colour))
            style = {"openssl dgst": "--", "cp": ":"}.get(tool, "-")
            lines.append(
                Line(name, colour, style, 2.4 if tool == OURS else 1.3, table.rows_of(tool))
            )
    return [line for line in lines if len(line.rows) > 1]


def draw(results: Results, folder: Path) -> list[Path]:
    """Writes an SVG file for each plot of which more than one size was measured."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update(
        {"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 9}
    )
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [(plot, lines_of(plot, results)) for plot in PLOTS]
    return [_draw(plot, lines, folder / f"{plot.name}.svg") for plot, lines in drawn if lines]


def _draw(plot: Plot, lines: list[Line], path: Path) -> Path:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.8), layout="constrained")
    for line in lines:
        _line(axes, line, plot.value)
    sizes = sorted({row.size for line in lines for row in line.rows})
    if plot.scale == "log":
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks(sizes, [_bytes(size) for size in sizes])
        axes.minorticks_off()
    else:
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_title(plot.title, loc="left", color=INK, fontweight="bold")
    axes.set_xlabel(plot.horizontal)
    axes.set_ylabel(plot.vertical)
    axes.grid(color=PALE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    # In the order of the lines' ends, so each name is next to its line.
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    order = sorted(lines, key=lambda line: -_of(line.rows[-1], plot.value).median)
    names = [line.name for line in order]
    place = {"loc": "upper left", "bbox_to_anchor": (1, 1), "frameon": False}
    axes.legend([handles[name] for name in names], names, **place)
    figure.savefig(path, metadata={"Date": None, "Creator": None}, facecolor="white")
    pyplot.close(figure)
    return path


def _line(axes: Any, line: Line, value: str) -> None:
    sizes = [row.size for row in line.rows]
    middle, least, most = zip(*(_of(row, value) for row in line.rows), strict=True)
    how = {"color": line.colour, "linewidth": line.width, "marker": "o", "markersize": 3.5}
    axes.plot(sizes, middle, line.style, label=line.name, **how)
    axes.fill_between(sizes, least, most, color=line.colour, alpha=0.12, linewidth=0)


def _of(row: Row, value: str) -> Spread:
    return row.wall if value == "wall" else row.peak


def _bytes(size: int) -> str:
    unit, name = next((each for each in UNITS if size >= each[0]), (1, "bytes"))
    return f"{size // unit} {name}"


if __name__ == "__main__":
    draw(load(Path(sys.argv[1])), Path(sys.argv[2]))
