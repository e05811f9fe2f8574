"""Draws the plots of the page."""

from __future__ import annotations

import site
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.results import MIB, Row, Tables

OURS, GREY = "software-update", "#8a8f98"
# Drawn first, below all others.
FLOORS = {"openssl dgst": "--", "cp": ":"}


class Plot(NamedTuple):
    """A plot of some tables, with a line for each tool of one table, or for each of several tables."""

    name: str
    tables: tuple[str, ...]
    title: str

    def lines(self, tables: Tables) -> dict[str, list[Row]]:
        """Returns the rows of each line by size: ours is last; a line has at least two sizes."""
        lines: dict[str, list[Row]] = {}
        for table in self.tables:
            for row in tables.get(table, []):
                name = row.tool if len(self.tables) == 1 else f"bundle {table.partition('_')[2]}"
                lines.setdefault(name, []).append(row)
        order = sorted(lines, key=lambda name: (name == OURS, name not in FLOORS))
        return {name: lines[name] for name in order if len(lines[name]) > 1}


MANY = ("targets_create", "targets_verify", "targets_inspect")
PLOTS = (
    Plot("create_time", ("one_file_create",), "Make an artifact of one file"),
    Plot("create_memory", ("one_file_create",), "Memory to make it"),
    Plot("verify_time", ("one_file_verify",), "Check an artifact of one file"),
    Plot("verify_memory", ("one_file_verify",), "Memory to check it"),
    Plot("targets_time", MANY, "Bundles of many targets"),
    Plot("targets_memory", MANY, "Memory for many targets"),
)


def draw(plot: Plot, lines: dict[str, list[Row]], path: Path) -> None:
    """Writes a plot as SVG."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.8), layout="constrained")
    time, of_files = plot.name.endswith("_time"), len(plot.tables) == 1
    for name, rows in lines.items():
        sizes = [row.size / MIB if of_files else row.size for row in rows]
        middle, least, most = zip(*(row.wall if time else row.peak for row in rows), strict=True)
        floor = {"color": GREY, "linestyle": FLOORS[name]} if name in FLOORS else {}
        width = 2.4 if name == OURS else 1.3
        [line] = axes.plot(sizes, middle, label=name, marker=".", linewidth=width, **floor)
        axes.fill_between(sizes, least, most, color=line.get_color(), alpha=0.12, linewidth=0)
    if of_files:
        axes.loglog()
    axes.set_title(plot.title, loc="left", fontweight="bold")
    axes.set_xlabel("MiB of payload" if of_files else "number of targets")
    axes.set_ylabel("seconds" if time else "peak MiB")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    figure.savefig(path, metadata={"Date": None, "Creator": None}, facecolor="white")
    pyplot.close(figure)


def draw_all(tables: Tables, folder: Path, packages: str) -> None:
    """Writes all plots of more than one size into a folder, which then holds no other plots.

    matplotlib is in `packages`, of the peers' virtual environment. The same runs give the same bytes.
    """
    site.addsitedir(packages)
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 9}
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    for plot in PLOTS:
        if lines := plot.lines(tables):
            draw(plot, lines, folder / f"{plot.name}.svg")
