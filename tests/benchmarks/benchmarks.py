"""Compares our commands and our Bazel rules with other tools, and writes docs/explanation/benchmarks.md.

    ./bazelw run //tests/benchmarks                  runs everything, in about 15 minutes
    ./bazelw run //tests/benchmarks -- --quick       runs small versions, to see that they work
    ./bazelw run //tests/benchmarks -- --output docs/explanation/benchmarks.md
                                                     renews the page and its plots

The output lists the goals that are not met. They are not a failure, because the machine may be slow. With
`--runs FILE.json`, `python -m pyperf compare_to` compares the runs of two commits.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.bazel_work import BAZEL_WORK, module
from tests.benchmarks.goals import judge
from tests.benchmarks.page import page, summary
from tests.benchmarks.peers import cache_folder, succeed
from tests.benchmarks.results import BenchmarkError, Results, Table, save
from tests.benchmarks.work import QUICK, WORK, Bench, Sizes, bench_of, exit_status, leave_out_broken

NAMES = (*WORK, *BAZEL_WORK)
# Data, artifacts of all tools, and Bazel's outputs.
GIB_FREE = 12


def main(argv: list[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    names = ", ".join(NAMES)
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, which the goals do not cover"
    )
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help=names)
    parser.add_argument("--output", type=Path, metavar="PAGE.md", help="default: a temporary file")
    parser.add_argument("--runs", type=Path, metavar="FILE.json", help="write all runs, for pyperf")
    parser.add_argument("--date", default="", help="the date for the page; default: none")
    args = parser.parse_args(argv)
    return exit_status(lambda: _run(args))


def _run(args: argparse.Namespace) -> None:
    asked = _output(args.output) if args.output else None
    runs = _output(args.runs) if args.runs else None
    results = _measure(args)
    path = asked or Path(tempfile.mkdtemp(prefix="benchmarks_page"), "benchmarks.md")
    _write(results, path, runs)
    print(summary(judge(results)))
    if results.quick:
        print("a quick run: the goals are for more work than this")
    print(f"wrote {path}")


def _measure(args: argparse.Namespace) -> Results:
    with bench_of(QUICK if args.quick else Sizes(), 0 if args.quick else GIB_FREE) as bench:
        leave_out_broken(bench)
        tables = tuple(_tables(bench, args.only or NAMES))
    versions, missing = bench.peers.versions, bench.peers.missing
    return Results(args.date, args.quick, versions, missing, tables, bench.facts)


def _tables(bench: Bench, asked: Sequence[str]) -> Iterator[Table]:
    """Measures the names in `asked`. One Bazel server serves all that need one."""
    for name in (each for each in WORK if each in asked):
        logging.info(name)
        yield from WORK[name](bench)
    in_bazel = [name for name in BAZEL_WORK if name in asked]
    if in_bazel:
        logging.info("Bazel starts")
        with module(bench) as inside:
            for name in in_bazel:
                logging.info(name)
                yield from BAZEL_WORK[name](bench, inside)


def _output(asked: Path) -> Path:
    """Returns a path relative to the folder of `bazel run`. Fails now, not after all the work."""
    path = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."), asked)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise BenchmarkError(f"{path} cannot be written; give --output a file in a folder of yours")
    return path


def _write(results: Results, path: Path, runs: Path | None) -> None:
    """Writes the page, and its plots into the folder of the same name, which then holds no other plots."""
    plots = path.with_suffix("")
    path.write_text(page(results, plots.name))
    for old in plots.glob("*.svg"):
        old.unlink()
    with tempfile.TemporaryDirectory() as name:
        data = runs or Path(name, "runs.json")
        save(results.tables, data)
        python, folder = cache_folder() / "peers/bin/python", Path(__file__).parents[2]
        succeed([python, "-m", "tests.benchmarks.plots", data, plots], folder=folder)


if __name__ == "__main__":
    sys.exit(main())
