"""Measures the figures whose commands take minutes, and records them in results.json.

    python3 tools/workshop/evidence/measure.py             # all of them, in more than an hour
    python3 tools/workshop/evidence/measure.py crash fuzz  # those with these words in their names or commands

`python3` needs the packages of runtime.txt and sbom.txt in tools/python, and of test.txt in
tools/workshop/locks.
Commit the tree first: each result names the commit at which it was measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import figures
from figures import Measure, Origin
from subjects import MEASURES

TOP = Path(__file__).resolve().parents[3]
RESULTS = Path(__file__).with_name("results.json")


def chosen(words: Sequence[str]) -> list[Measure]:
    """Returns the measurements with one of the words in name or command; all if there are no words."""
    return [
        each
        for each in MEASURES
        if not words or any(word in f"{each.name} {each.command}" for word in words)
    ]


def main(words: Sequence[str]) -> int:
    failed, state = 0, figures.now(TOP)
    for each in chosen(words):
        print(f"{each.name}: {each.command}", flush=True)
        found = figures.measure(TOP, each, state)
        if found.origin is Origin.MISSING:
            print(f"  {found.note}", flush=True)
            failed += 1
            continue
        print(f"  {found.value} {found.unit}", flush=True)
        results = figures.record([found], figures.read_results(RESULTS))
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
