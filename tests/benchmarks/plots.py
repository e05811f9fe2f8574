"""Draws the plots of the page: `python -m tests.benchmarks.plots RESULTS.json FOLDER`.

Runs in the benchmarks' virtual environment, which has matplotlib. The same results give the same bytes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.results import Results, Row, Table, from_json

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
UNITS = {"bytes": ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))}


@dataclass(frozen=True)
class Plot:
    """A plot of one table: `value` names what of a row is drawn."""

    name: str
    table: str
    title: str
    horizontal: str
    vertical: str
    value: str


PLOTS = (
    Plot(
        "create_time",
        "one_file_create",
        "Make a signed artifact of one file",
        "size",
        "seconds",
        "wall",
    ),
    Plot("create_memory", "one_file_create", "Memory to make it", "size", "peak MiB", "peak"),
    Plot(
        "verify_time",
        "one_file_verify",
        "Check a signed artifact of one file",
        "size",
        "seconds",
        "wall",
    ),
    Plot("verify_memory", "one_file_verify", "Memory to check it", "size", "peak MiB", "peak"),
    Plot(
        "targets_create", "targets_create", "bundle create", "number of targets", "seconds", "wall"
    ),
    Plot(
        "targets_verify", "targets_verify", "bundle verify", "number of targets", "seconds", "wall"
    ),
    Plot(
        "targets_inspect",
        "targets_inspect",
        "bundle inspect",
        "number of targets",
        "seconds",
        "wall",
    ),
)


def draw(results: Results, folder: Path) -> list[Path]:
    """Writes an SVG file for each plot whose table was measured at more than one size."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update(
        {"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 9}
    )
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for plot in PLOTS:
        table = results.table(plot.table)
        if table and len(table.sizes) > 1:
            written.append(_draw(plot, table, folder / f"{plot.name}.svg"))
    return written


def _draw(plot: Plot, table: Table, path: Path) -> Path:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.8), layout="constrained")
    ours_last = sorted(table.tools, key=lambda tool: (tool == OURS, tool not in FLOORS))
    for tool in ours_last:
        _line(axes, tool, table.rows_of(tool), plot.value)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(table.sizes, [_size(size, table.horizontal) for size in table.sizes])
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_title(plot.title, loc="left", color=INK, fontweight="bold")
    axes.set_xlabel(plot.horizontal)
    axes.set_ylabel(plot.vertical)
    axes.grid(color=PALE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if len(table.tools) > 1:
        handles, labels = axes.get_legend_handles_labels()
        last = {tool: _of(table.rows_of(tool)[-1], plot.value)[0] for tool in table.tools}
        order = sorted(range(len(labels)), key=lambda at: -last[labels[at]])
        legend = [handles[at] for at in order], [labels[at] for at in order]
        axes.legend(*legend, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    figure.savefig(path, metadata={"Date": None, "Creator": None}, facecolor="white")
    pyplot.close(figure)
    return path


def _line(axes: Any, tool: str, rows: list[Row], value: str) -> None:
    colour = BLUE if tool == OURS else GREY if tool in FLOORS else OTHERS.get(tool, INK)
    style = {"openssl dgst": "--", "cp": ":"}.get(tool, "-")
    sizes = [row.size for row in rows]
    middle, least, most = zip(*(_of(row, value) for row in rows), strict=True)
    width = 2.4 if tool == OURS else 1.3
    axes.plot(
        sizes, middle, style, marker="o", markersize=3.5, color=colour, linewidth=width, label=tool
    )
    axes.fill_between(sizes, least, most, color=colour, alpha=0.12, linewidth=0)


def _of(row: Row, value: str) -> tuple[float, float, float]:
    spread = row.wall if value == "wall" else row.peak
    return spread.median, spread.least, spread.most


def _size(size: int, horizontal: str) -> str:
    for unit, name in UNITS.get(horizontal, ()):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size:,}"


def main() -> None:
    """Entry point."""
    results, folder = sys.argv[1:]
    draw(from_json(Path(results).read_text()), Path(folder))


if __name__ == "__main__":
    main()
