"""Our goals, and whether a run of the benchmarks met them."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.results import Results, Row, Table, ratio
from tests.benchmarks.tools import FLOOR, OURS

# Twice the targets may take twice the time, and this much more because of noise.
NOISE = 1.1
# The time of `openssl dgst` for 1 GiB on the machine that goals in seconds were set for.
REFERENCE_SECONDS = 0.59
# Actions that Bazel may run again after a change of the key, or of one payload of many.
AFTER_THE_DIGESTS = ("Assemble", "Sign", "Targets", "Verify")
MAY_READ_PAYLOADS = {"SoftwareUpdateAssemble", "SoftwareUpdateVerify"}


@dataclass(frozen=True)
class Goal:
    """A limit. `value` returns the measured value, or None if there is none; it must be at most `limit`."""

    work: str
    what: str
    limit: float
    unit: str
    value: Callable[[Results], float | None]


@dataclass(frozen=True)
class Judged:
    """A goal and the measured value; `counts` is false after less work than the goal is for."""

    goal: Goal
    measured: float | None
    counts: bool = True

    @property
    def met(self) -> bool | None:
        """Whether the goal was met; None if it was not measured, or with less work than it is for."""
        if self.measured is None or not self.counts:
            return None
        return self.measured <= self.goal.limit


def judge(results: Results) -> list[Judged]:
    """Returns all goals, in order."""
    return [Judged(goal, goal.value(results), not results.quick) for goal in GOALS]


# --- values ---

Value = Callable[[Results], float | None]


def largest(table: Table, tool: str) -> Row | None:
    """Returns a tool's row of the largest size, if it was measured at that size."""
    return table.row(tool, table.sizes[-1])


def of_row(name: str, tool: str, value: Callable[[Row], float]) -> Value:
    """Returns the value of one row."""

    def find(results: Results) -> float | None:
        table = results.table(name)
        row = largest(table, tool) if table else None
        return value(row) if row else None

    return find


def of_two(name: str, tool: str, base: str, value: Callable[[Row, Row], float]) -> Value:
    """Returns the value of two rows of the same table."""

    def find(results: Results) -> float | None:
        table = results.table(name)
        row, other = (largest(table, each) if table else None for each in (tool, base))
        return value(row, other) if row and other else None

    return find


def median_ratio(row: Row, base: Row) -> float:
    """Returns the median of the ratios of runs next to each other."""
    return ratio(row, base).median


def lower_quartile_ratio(row: Row, base: Row) -> float:
    """Returns the lower quartile of the ratios: at most 1 if the two are hard to tell apart."""
    pairs = zip(row.walls, base.walls, strict=True)
    return statistics.quantiles([a / b for a, b in pairs], n=4, method="inclusive")[0]


def median_difference(row: Row, base: Row) -> float:
    """Returns how many seconds more than another row one takes."""
    pairs = zip(row.walls, base.walls, strict=True)
    return statistics.median(a - b for a, b in pairs)


def twice(name: str) -> Value:
    """Returns how much longer the largest number of targets takes than half of it."""

    def find(results: Results) -> float | None:
        table = results.table(name)
        if not table:
            return None
        most = table.row(OURS, table.sizes[-1])
        half = table.row(OURS, table.sizes[-1] // 2)
        return most.wall.median / half.wall.median if most and half else None

    return find


def changed_actions(results: Results) -> float | None:
    """Returns how many actions too many ran after a change of one target; one shard of digests may run."""
    ran = results.facts.get("bazel_changed")
    if ran is None:
        return None
    allowed = [f"SoftwareUpdate{name}" for name in (*AFTER_THE_DIGESTS, "Digest")]
    return float(sum(ran.count(name) - (name in allowed) for name in set(ran)))


def unchanged_actions(results: Results) -> float | None:
    """Returns how many actions ran although nothing changed."""
    ran = results.facts.get("bazel_unchanged")
    return None if ran is None else float(len(ran))


def other_readers(results: Results) -> float | None:
    """Returns how many actions besides assemble and verify read a payload after a change of the key."""
    readers = results.facts.get("bazel_signed_readers")
    return (
        None if readers is None else float(len([r for r in readers if r not in MAY_READ_PAYLOADS]))
    )


def seconds(name: str, tool: str) -> Value:
    """Returns the median time."""
    return of_row(name, tool, lambda row: row.wall.median)


def reference_seconds(name: str, tool: str) -> Value:
    """Returns the median time, scaled by the time of hashing to the machine that the goals were set for."""

    def find(results: Results) -> float | None:
        measured, hashing = seconds(name, tool)(results), seconds("one_file_create", FLOOR)(results)
        return measured * REFERENCE_SECONDS / hashing if measured and hashing else None

    return find


def times(name: str, base: str) -> Value:
    """Returns how many times as long as another tool we take."""
    return of_two(name, OURS, base, median_ratio)


ONE, SIXTEEN, THOUSAND = "1 file of 1 GiB", "16 files of 64 MiB", "1000 files of 10 KiB"
BAZEL = "Bazel, 1000 targets of 10 KiB"
MENDER = "mender-artifact"
TO_FLOOR, TO_MENDER = f"x {FLOOR}", f"x {MENDER}, lower quartile"
AT_REFERENCE = f"s where {FLOOR} takes {REFERENCE_SECONDS} s for 1 GiB"
GOALS = (
    Goal(ONE, "create", 1.25, TO_FLOOR, times("one_file_create", FLOOR)),
    Goal(ONE, "create, memory", 50, "MiB", of_row("one_file_create", OURS, lambda r: r.peak.most)),
    Goal(ONE, "verify", 1.15, TO_FLOOR, times("one_file_verify", FLOOR)),
    Goal(SIXTEEN, "create", 0.9, TO_FLOOR, times("sixteen_files_create", FLOOR)),
    Goal(SIXTEEN, "verify", 1.15, TO_FLOOR, times("sixteen_files_verify", FLOOR)),
    Goal(THOUSAND, "create", 0.12, "s", seconds("thousand_files_create", OURS)),
    Goal(THOUSAND, "create", 0.12, AT_REFERENCE, reference_seconds("thousand_files_create", OURS)),
    Goal(THOUSAND, "verify", 0.10, "s", seconds("thousand_files_verify", OURS)),
    Goal(THOUSAND, "verify", 0.10, AT_REFERENCE, reference_seconds("thousand_files_verify", OURS)),
    *(
        Goal(THOUSAND, what, 1, TO_MENDER, of_two(name, OURS, MENDER, lower_quartile_ratio))
        for what, name in (("create", "thousand_files_create"), ("verify", "thousand_files_verify"))
    ),
    *(
        Goal("65,536 targets", what, 2 * NOISE, "x half as many", twice(f"targets_{what}"))
        for what in ("create", "verify", "inspect")
    ),
    Goal("start-up", "--help", 0.06, "s", seconds("start", f"{OURS} --help")),
    Goal("start-up", "step digest", 0.06, "s", seconds("start", f"{OURS} step digest")),
    Goal(
        BAZEL,
        "clean, over a list of the files",
        2,
        "s",
        of_two("bazel_thousand_clean", "a bundle", "a list of the files", median_difference),
    ),
    Goal(
        BAZEL, "one target changed", 1, "s", seconds("bazel_thousand_again", "one target changed")
    ),
    Goal(BAZEL, "one target changed", 0, "actions too many", changed_actions),
    Goal(BAZEL, "nothing changed", 0, "actions", unchanged_actions),
    Goal("Bazel, 500 bundles of 4 targets", "clean", 8, "s", seconds("bazel_bundles", "bundles")),
    Goal(
        "Bazel, another key for 1 GiB of payload",
        "read it, besides assemble and verify",
        0,
        "actions",
        other_readers,
    ),
)
