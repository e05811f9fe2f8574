"""Measures how the cost grows, fits a model to it, and writes the figures into docs/explanation/scaling.md.

    ./bazelw run //tests/benchmarks:scaling -- --output docs/explanation/scaling.md --image-gib 50
    ./bazelw run //tests/benchmarks:scaling -- --quick

The program writes all of the page after a line that says so.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import tools
from tests.benchmarks.bazel_work import Module, module
from tests.benchmarks.data import MIB
from tests.benchmarks.measure import Command, run
from tests.benchmarks.model import Load, Point, fit
from tests.benchmarks.results import BenchmarkError, Row, machine_of
from tests.benchmarks.scaling_page import CACHED, CLEAN, Image, Measured, figures
from tests.benchmarks.work import Bench, Sizes, bench_of, create_of, exit_status

BEGIN = "<!-- From here on written by //tests/benchmarks:scaling -->"
SMALL = 100  # bytes
# Enough for both cores: loads that grow in bytes have several targets, and in Bazel several bundles.
FILES = 4
BUNDLES_SIDE_BY_SIDE = 8
GIB = 1024 * MIB


@dataclass(frozen=True)
class Plan:
    """The loads that are measured: at least two for each coefficient."""

    sizes: tuple[int, ...] = (64 * MIB, 256 * MIB, GIB)
    targets: tuple[int, ...] = (4096, 16384, 65536)
    bazel_targets: tuple[int, ...] = (250, 1000, 4000)
    bazel_sizes: tuple[int, ...] = (64 * MIB, 256 * MIB, GIB)
    bundles: tuple[int, ...] = (50, 150, 500)
    # A load that is not fitted: bundles, targets in each, bytes of a target.
    mixed: tuple[int, int, int] = (200, 4, MIB)
    rounds: int = 3


QUICK = Plan(
    sizes=(MIB, 4 * MIB),
    targets=(100, 1000),
    bazel_targets=(50, 100),
    bazel_sizes=(MIB, 4 * MIB),
    bundles=(5, 10),
    mixed=(5, 4, 1024),
    rounds=1,
)


def main(argv: list[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="scaling", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="small loads, to see that it runs")
    parser.add_argument("--image-gib", type=int, default=1, help="one large image; default: 1")
    parser.add_argument("--output", type=Path, metavar="PAGE.md", help="default: standard output")
    parser.add_argument("--date", default="", help="the date for the page; default: none")
    args = parser.parse_args(argv)
    return exit_status(lambda: _run(args))


def _run(args: argparse.Namespace) -> None:
    page = _page(args.output) if args.output else None
    text = _measure(QUICK if args.quick else Plan(), args)
    if page:
        head, begin, _ = page.read_text().partition(BEGIN)
        page.write_text(f"{head}{begin}\n\n{text}")
    else:
        print(text)


def _page(asked: Path) -> Path:
    page = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), asked)
    if not page.is_file() or BEGIN not in page.read_text():
        raise BenchmarkError(f"{page} has no line {BEGIN}; write it where the figures are to be")
    return page


def _measure(plan: Plan, args: argparse.Namespace) -> str:
    with bench_of(Sizes(rounds=plan.rounds), max(args.image_gib + 4, 40)) as bench:
        logging.info("the command line")
        measured = list(_command_line(bench, plan))
        # Before Bazel, whose outputs stay until the end.
        logging.info("one large image")
        image = _image(bench, args.image_gib * GIB)
        logging.info("Bazel")
        with module(bench) as inside:
            measured += _bazel(bench, inside, plan)
    described = (*machine_of(image.created.runs[0]), *([f"date: {args.date}"] if args.date else []))
    return figures(described, measured, image)


# --- the command line ---


def _command_line(bench: Bench, plan: Plan) -> Iterator[Measured]:
    loads = {
        "least": [Load(1, 1, SMALL)],
        "targets": [Load(1, count, count * SMALL) for count in plan.targets],
        "sizes": [Load(1, FILES, size) for size in (FILES * SMALL, *plan.sizes)],
        "unseen": [Load(1, plan.mixed[0] * plan.mixed[1], _bytes_of(plan.mixed))],
    }
    points: dict[str, dict[str, list[Point]]] = {"create": {}, "verify": {}}
    for kind, some in loads.items():
        for load in some:
            logging.info(f"  {load}")
            for what, point in zip(points, _one_bundle(bench, load), strict=True):
                points[what].setdefault(kind, []).append(point)
    for what, of in points.items():
        [least] = of["least"]
        model = fit(least, targets=[least, *of["targets"]], sizes=of["sizes"])
        fitted = (least, *of["targets"], *of["sizes"])
        yield Measured(f"`bundle {what}`", model, fitted, tuple(of["unseen"]))


def _one_bundle(bench: Bench, load: Load) -> tuple[Point, Point]:
    """To create and to verify a bundle, of a few files, which are listed more than once."""
    with bench.work("load", min(FILES, load.targets), load.size // load.targets) as work:
        files = [work.files[number % len(work.files)] for number in range(load.targets)]
        create, _ = create_of(work, files, load.size)
        run(create)
        verify = tools.TOOLS[0].verifies(work, load.size)
        [verified] = bench.measure([verify])
        [created] = bench.measure([create])
    return Point(load, created.wall.median), Point(load, verified.wall.median)


def _image(bench: Bench, size: int) -> Image:
    """One image, which may not fit into memory: it is a hole, so that what is measured is our work."""
    with bench.work("image", 1, 1) as work:
        os.truncate(work.files[0], size)
        create, bundle = create_of(work, work.files, size)
        verify = tools.TOOLS[0].verifies(work, size)
        assert verify
        created, verified = (
            Row(each.tool, each.shown, (run(each),), size) for each in (create, verify)
        )
        bundle.unlink()
    return Image(size, created, verified)


# --- Bazel ---


def _bazel(bench: Bench, inside: Module, plan: Plan) -> Iterator[Measured]:
    # A new server is a slow one.
    warming = inside.bundles("warming", plan.bundles[-1], FILES, SMALL)
    for _ in range(3):
        inside.clean()
        inside.server.succeeds("build", warming)
    side_by_side = BUNDLES_SIDE_BY_SIDE * FILES
    shapes_of = {
        "least": [(1, 1, SMALL)],
        "targets": [(1, count, SMALL) for count in plan.bazel_targets],
        "bundles": [(count, 1, SMALL) for count in plan.bundles],
        "sizes": [
            (BUNDLES_SIDE_BY_SIDE, FILES, size // side_by_side)
            for size in (side_by_side * SMALL, *plan.bazel_sizes)
        ],
        "unseen": [plan.mixed],
    }
    shapes = [(kind, *shape) for kind, some in shapes_of.items() for shape in some]
    loads = [
        (kind, Load(bundles, bundles * targets, bundles * targets * size))
        for kind, bundles, targets, size in shapes
    ]
    labels = [
        inside.bundles(f"of_{bundles}_{targets}_{size}", bundles, targets, size)
        for _, bundles, targets, size in shapes
    ]
    # Pending writes must not slow the next measurement.
    clean = [inside.build("clean", label, inside.clean, os.sync) for label in labels]
    logging.info(f"  {len(loads)} loads, in turn")
    yield _of_bazel(CLEAN, loads, bench.measure(clean))
    caches = [bench.folder / f"cache_{number}" for number in range(len(loads))]
    cached = [
        _with_flag(build, f"--disk_cache={cache}")
        for build, cache in zip(clean, caches, strict=True)
    ]
    logging.info("  from a disk cache")
    found = _of_bazel(CACHED, loads, bench.measure(cached))
    sizes = [(load, _size_of(cache)) for (_, load), cache in zip(loads, caches, strict=True)]
    yield dataclasses.replace(found, caches=tuple(sizes))


def _of_bazel(name: str, loads: Sequence[tuple[str, Load]], rows: Sequence[Row]) -> Measured:
    """The model of what was measured for loads of each kind."""
    of: dict[str, list[Point]] = {}
    for (kind, load), row in zip(loads, rows, strict=True):
        of.setdefault(kind, []).append(Point(load, row.wall.median))
    [least] = of["least"]
    bundles, targets = [least, *of["bundles"]], [least, *of["targets"]]
    model = fit(least, bundles=bundles, targets=targets, sizes=of["sizes"])
    fitted = (*bundles, *of["targets"], *of["sizes"])
    return Measured(name, model, fitted, tuple(of["unseen"]))


def _with_flag(command: Command, flag: str) -> Command:
    return dataclasses.replace(command, argv=(*command.argv, flag), shown=f"{command.shown} {flag}")


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _bytes_of(mixed: tuple[int, int, int]) -> int:
    bundles, targets, size = mixed
    return bundles * targets * size


if __name__ == "__main__":
    sys.exit(main())
