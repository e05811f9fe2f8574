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
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.bazel_work import BAZEL_WORK, module
from tests.benchmarks.page import goals, page
from tests.benchmarks.plots import draw_all
from tests.benchmarks.results import Results, Tables, save
from tests.benchmarks.work import QUICK, WORK, Bench, Sizes, bench_of

NAMES = (*WORK, *BAZEL_WORK)


def main() -> None:
    """Measures, and writes the page and its plots. Fails before the work if it cannot write the page."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="small sizes, no goals")
    parser.add_argument(
        "--only", action="append", choices=NAMES, metavar="NAME", help=", ".join(NAMES)
    )
    parser.add_argument("--output", type=Path, metavar="PAGE.md", help="default: a temporary file")
    parser.add_argument("--runs", type=Path, metavar="FILE.json", help="write all runs, for pyperf")
    args = parser.parse_args()
    top = Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    path = top / (args.output or Path(tempfile.mkdtemp(prefix="benchmarks_page"), "benchmarks.md"))
    path.touch()
    with bench_of(QUICK if args.quick else Sizes()) as bench:
        tables = measure(bench, args.only or NAMES)
    results = Results(tables, bench.facts, bench.peers.tools, args.quick)
    plots = path.with_suffix("")
    path.write_text(page(results, plots.name))
    draw_all(tables, plots, bench.peers.packages)
    if args.runs:
        save(tables, top / args.runs)
    print(goals(results))
    print(f"wrote {path}")


def measure(bench: Bench, asked: Sequence[str]) -> Tables:
    """Measures the names in `asked`. One Bazel server serves all that need one."""
    tables: Tables = {}
    for name in (each for each in WORK if each in asked):
        logging.info(name)
        tables |= WORK[name](bench)
    in_bazel = [name for name in BAZEL_WORK if name in asked]
    if in_bazel:
        logging.info("Bazel starts")
        with module(bench) as inside:
            for name in in_bazel:
                logging.info(name)
                tables |= BAZEL_WORK[name](bench, inside)
    return tables


if __name__ == "__main__":
    main()
