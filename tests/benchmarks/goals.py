"""Our goals, and whether a run of the benchmarks met them."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.results import Results, Row, ratio, ratios
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
    """A limit. `value` returns the measured value, which must be at most `limit`, or raises NotMeasured."""

    work: str
    what: str
    limit: float
    unit: str
    value: Callable[[Results], float]

    def measured(self, results: Results) -> float | None:
        """Returns the measured value, or None if there is none."""
        try:
            return self.value(results)
        except NotMeasured:
            return None


@dataclass(frozen=True)
class Judged:
    """A goal and the measured value; `counts` is false after less work than the goal is for."""

    goal: Goal
    measured: float | None
    counts: bool = True

    @property
    def met(self) -> bool | None:
        """Returns whether the goal was met; None if it was not measured, or with less work than it is for."""
        if self.measured is None or not self.counts:
            return None
        return self.measured <= self.goal.limit


def judge(results: Results) -> list[Judged]:
    """Returns all goals, in order."""
    return [Judged(goal, goal.measured(results), not results.quick) for goal in GOALS]


# --- values ---

Value = Callable[[Results], float]


class NotMeasured(LookupError):
    """A value that this run did not measure."""


def row(results: Results, name: str, tool: str, part: int = 1) -> Row:
    """Returns a tool's row of a table: that of the largest size, or of its half if `part` is 2."""
    table = results.table(name)
    found = table.row(tool, table.sizes[-1] // part) if table else None
    if found is None:
        raise NotMeasured(name, tool)
    return found


def fact(results: Results, name: str) -> tuple[str, ...]:
    """Returns the actions that Bazel ran."""
    if name not in results.facts:
        raise NotMeasured(name)
    return results.facts[name]


def seconds(name: str, tool: str) -> Value:
    """Returns the median time."""
    return lambda results: row(results, name, tool).wall.median


def reference_seconds(name: str, tool: str) -> Value:
    """Returns the median time, scaled by the time of hashing to the machine that the goals were set for."""
    measured, hashing = seconds(name, tool), seconds("one_file_create", FLOOR)
    return lambda results: measured(results) * REFERENCE_SECONDS / hashing(results)


def times(name: str, base: str) -> Value:
    """Returns how many times as long as another tool we take."""
    return lambda results: ratio(row(results, name, OURS), row(results, name, base)).median


def lower_quartile(name: str, base: str) -> Value:
    """Returns the lower quartile of the ratios: at most 1 if the two tools are hard to tell apart."""

    def find(results: Results) -> float:
        found = ratios(row(results, name, OURS), row(results, name, base))
        return statistics.quantiles(found, n=4, method="inclusive")[0]

    return find


def more_seconds(name: str, tool: str, base: str) -> Value:
    """Returns how many seconds more than another row one takes."""

    def find(results: Results) -> float:
        ours, theirs = (row(results, name, each).walls for each in (tool, base))
        return statistics.median(a - b for a, b in zip(ours, theirs, strict=True))

    return find


def twice(name: str) -> Value:
    """Returns how much longer the largest number of targets takes than half of it."""
    return lambda r: row(r, name, OURS).wall.median / row(r, name, OURS, 2).wall.median


def changed_actions(results: Results) -> float:
    """Returns how many actions too many ran after a change of one target; one shard of digests may run."""
    ran = fact(results, "bazel_changed")
    allowed = [f"SoftwareUpdate{name}" for name in (*AFTER_THE_DIGESTS, "Digest")]
    return sum(ran.count(name) - (name in allowed) for name in set(ran))


def unchanged_actions(results: Results) -> float:
    """Returns how many actions ran although nothing changed."""
    return len(fact(results, "bazel_unchanged"))


def other_readers(results: Results) -> float:
    """Returns how many actions besides assemble and verify read a payload after a change of the key."""
    return sum(each not in MAY_READ_PAYLOADS for each in fact(results, "bazel_signed_readers"))


ONE, SIXTEEN, THOUSAND = "1 file of 1 GiB", "16 files of 64 MiB", "1000 files of 10 KiB"
BAZEL = "Bazel, 1000 targets of 10 KiB"
MENDER = "mender-artifact"
TO_FLOOR, TO_MENDER = f"x {FLOOR}", f"x {MENDER}, lower quartile"
AT_REFERENCE = f"s where {FLOOR} takes {REFERENCE_SECONDS} s for 1 GiB"
GOALS = (
    Goal(ONE, "create", 1.25, TO_FLOOR, times("one_file_create", FLOOR)),
    Goal(ONE, "create, memory", 50, "MiB", lambda r: row(r, "one_file_create", OURS).peak.most),
    Goal(ONE, "verify", 1.15, TO_FLOOR, times("one_file_verify", FLOOR)),
    Goal(SIXTEEN, "create", 0.9, TO_FLOOR, times("sixteen_files_create", FLOOR)),
    Goal(SIXTEEN, "verify", 1.15, TO_FLOOR, times("sixteen_files_verify", FLOOR)),
    Goal(THOUSAND, "create", 0.12, "s", seconds("thousand_files_create", OURS)),
    Goal(THOUSAND, "create", 0.12, AT_REFERENCE, reference_seconds("thousand_files_create", OURS)),
    Goal(THOUSAND, "verify", 0.10, "s", seconds("thousand_files_verify", OURS)),
    Goal(THOUSAND, "verify", 0.10, AT_REFERENCE, reference_seconds("thousand_files_verify", OURS)),
    *(
        Goal(THOUSAND, what, 1, TO_MENDER, lower_quartile(name, MENDER))
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
        more_seconds("bazel_thousand_clean", "a bundle", "a list of the files"),
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
