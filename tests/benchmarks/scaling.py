"""Measures how the cost grows, fits a model to it, and writes the figures into docs/explanation/scaling.md.

    ./bazelw run //tests/benchmarks:scaling -- --output docs/explanation/scaling.md --image-gib 50
    ./bazelw run //tests/benchmarks:scaling -- --quick

The program writes all of the page after a line that says so.
"""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks.bazel_work import Module, module
from tests.benchmarks.commands import OUR_TOOL
from tests.benchmarks.measure import in_turn, run, size_of
from tests.benchmarks.results import GIB, MIB, BenchmarkError, Row, machine_of
from tests.benchmarks.scaling_page import (
    CACHED,
    CLEAN,
    CREATE,
    VERIFY,
    Load,
    Measured,
    Point,
    figures,
)
from tests.benchmarks.work import Bench, Sizes, bench_of

BEGIN = "<!-- From here on written by //tests/benchmarks:scaling -->"
SMALL = 100  # bytes
# Enough for both cores: loads that grow in bytes have several targets, and in Bazel several bundles.
FILES = 4
BUNDLES_SIDE_BY_SIDE = 8


# A load that is not fitted.
MIXED = Load(bundles=200, targets=800, size=800 * MIB)


@dataclass(frozen=True)
class Plan:
    """The loads that are measured: at least two for each coefficient."""

    sizes: Sequence[int] = (64 * MIB, 256 * MIB, GIB)
    targets: Sequence[int] = (4096, 16384, 65536)
    bazel_targets: Sequence[int] = (250, 1000, 4000)
    bundles: Sequence[int] = (50, 150, 500)
    mixed: Load = MIXED
    rounds: int = 3


QUICK = Plan((MIB, 4 * MIB), (100, 1000), (50, 100), (5, 10), Load(5, 20, 20 * 1024), 1)


def main() -> None:
    """Measures all loads, and writes the figures into the page or to standard output."""
    parser = argparse.ArgumentParser(prog="scaling", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="small loads, to see that it runs")
    parser.add_argument("--image-gib", type=int, default=1, help="one large image; default: 1")
    parser.add_argument("--output", type=Path, metavar="PAGE.md", help="default: standard output")
    args = parser.parse_args()
    page = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), args.output or os.devnull)
    head, begin, _ = page.read_text().partition(BEGIN)
    if args.output and not begin:
        raise BenchmarkError(f"{page} has no line {BEGIN}; write it where the figures are to be")
    text = measure(QUICK if args.quick else Plan(), args.image_gib * GIB)
    if args.output:
        page.write_text(f"{head}{begin}\n\n{text}")
    else:
        print(text)


def measure(plan: Plan, image_size: int) -> str:
    """Measures all loads; returns the figures."""
    with bench_of(Sizes(rounds=plan.rounds)) as bench:
        logging.info("the command line")
        measured = command_line(bench, plan)
        # Before Bazel, whose outputs stay until the end.
        logging.info("one large image")
        image = large_image(bench, image_size)
        logging.info("Bazel")
        with module(bench) as inside:
            measured += in_bazel(bench, inside, plan)
    return figures(machine_of(image[0].runs[0]), measured, image)


def command_line(bench: Bench, plan: Plan) -> list[Measured]:
    """Creates and verifies bundles of a few files, which are listed more than once."""
    loads = {
        "least": [Load(1, 1, SMALL)],
        "targets": [Load(1, count, count * SMALL) for count in plan.targets],
        "sizes": [Load(1, FILES, size) for size in (FILES * SMALL, *plan.sizes)],
        "unseen": [plan.mixed._replace(bundles=1)],
    }
    rows: dict[Load, tuple[Row, Row]] = {}
    for load in (load for series in loads.values() for load in series):
        logging.info(f"  {load}")
        count, size = min(FILES, load.targets), load.size // load.targets
        with bench.work("load", count, size, load.targets) as work:
            create = work.create(OUR_TOOL, load.size)
            run(create)
            [verified] = bench.measure(work.verify(OUR_TOOL, load.size))
            [created] = bench.measure(create)
        rows[load] = (created, verified)
    return [
        Measured(name, points(loads, {load: row[at] for load, row in rows.items()}))
        for at, name in enumerate((CREATE, VERIFY))
    ]


def points(loads: Mapping[str, Sequence[Load]], rows: Mapping[Load, Row]) -> dict[str, list[Point]]:
    """Returns the seconds of each load, by series."""
    return {
        name: [Point(load, rows[load].wall.median) for load in series]
        for name, series in loads.items()
    }


def large_image(bench: Bench, size: int) -> list[Row]:
    """Measures one image, which may not fit into memory: it is a hole, so that only our work is measured."""
    with bench.work("image", 1, 1) as work:
        os.truncate(work.files[0], size)
        create, verify = work.create(OUR_TOOL, size), work.verify(OUR_TOOL, size)
        commands = {CREATE: create, VERIFY: verify}
        return [Row(name, each.shown, (run(each),), size) for name, each in commands.items()]


def in_bazel(bench: Bench, inside: Module, plan: Plan) -> Iterator[Measured]:
    """Builds bundles in Bazel: clean, and from a disk cache."""
    # A new server is a slow one.
    warming = inside.bundles("warming", plan.bundles[-1], FILES, SMALL)
    for _ in range(3):
        inside.clean()
        inside.server.succeeds("build", warming)
    side_by_side = BUNDLES_SIDE_BY_SIDE * FILES
    loads = {
        "least": [Load(1, 1, SMALL)],
        "bundles": [Load(count, count, count * SMALL) for count in plan.bundles],
        "targets": [Load(1, count, count * SMALL) for count in plan.bazel_targets],
        "sizes": [
            Load(BUNDLES_SIDE_BY_SIDE, side_by_side, size)
            for size in (side_by_side * SMALL, *plan.sizes)
        ],
        "unseen": [plan.mixed],
    }
    every = [load for series in loads.values() for load in series]
    clean = []
    for load in every:
        of_each = (load.targets // load.bundles, load.size // load.targets)
        label = inside.bundles("of_{}_{}_{}".format(*load), load.bundles, *of_each)
        # Pending writes must not slow the next measurement.
        clean.append(inside.build("clean", label, inside.clean, os.sync))
    logging.info(f"  {len(every)} loads, in turn")
    rows = in_turn(clean, plan.rounds)
    yield Measured(CLEAN, points(loads, dict(zip(every, rows, strict=True))))
    logging.info("  from a disk cache")
    caches = [bench.folder / f"cache_{at}" for at in range(len(every))]
    cached = [
        replace(build, argv=(*build.argv, f"--disk_cache={cache}"))
        for build, cache in zip(clean, caches, strict=True)
    ]
    rows = in_turn(cached, plan.rounds)
    sizes = list(zip(every, map(size_of, caches), strict=True))
    yield Measured(CACHED, points(loads, dict(zip(every, rows, strict=True))), sizes)


if __name__ == "__main__":
    main()
