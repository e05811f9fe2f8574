"""Our goals, and the values that a run of the benchmarks measured for them."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import NamedTuple

from tests.benchmarks.commands import CLIENT, FLOOR, OURS
from tests.benchmarks.results import Results, Row, ratios

Value = Callable[[Results], float]
# Twice the targets may take twice the time, and this much more because of noise.
NOISE = 1.1
# The time of `openssl dgst` for 1 GiB on the machine that goals in seconds were set for.
REFERENCE_SECONDS = 0.59
# Actions that Bazel may run again after a change of one payload of many; of these, only two read payloads.
AFTER_A_CHANGE = {
    f"SoftwareUpdate{name}" for name in ("Digest", "Targets", "Sign", "Assemble", "Verify")
}
MAY_READ_PAYLOADS = {"SoftwareUpdateAssemble", "SoftwareUpdateVerify"}


class Goal(NamedTuple):
    """A limit. `value` returns the measured value, which must be at most `limit`, or raises LookupError."""

    work: str
    what: str
    limit: float
    unit: str
    value: Value

    def measured(self, results: Results) -> float | None:
        """Returns the measured value, or None if there is none."""
        try:
            return self.value(results)
        except LookupError:
            return None


def row(results: Results, table: str, tool: str = OURS, part: int = 1) -> Row:
    """Returns a tool's row of a table: that of the largest size, or of its half if `part` is 2."""
    rows = results.tables[table]
    size = max(each.size for each in rows) // part
    return {(each.tool, each.size): each for each in rows}[tool, size]


def seconds(table: str, tool: str = OURS) -> Value:
    """Returns the median time."""
    return lambda results: row(results, table, tool).wall.median


def reference_seconds(table: str) -> Value:
    """Returns the median time, scaled by the time of hashing to the machine that the goals were set for."""
    ours, hashing = seconds(table), seconds("one_file_create", FLOOR)
    return lambda results: ours(results) * REFERENCE_SECONDS / hashing(results)


def times(
    table: str, base: str = FLOOR, of: Callable[[list[float]], float] = statistics.median
) -> Value:
    """Returns how many times as long as another tool we take: by default the median of the ratios."""
    return lambda results: of(ratios(row(results, table), row(results, table, base)))


def lower_quartile(values: list[float]) -> float:
    """Returns the lower quartile: of ratios, it is at most 1 if the two tools are hard to tell apart."""
    return statistics.quantiles(values, n=4, method="inclusive")[0]


def more_seconds(results: Results) -> float:
    """Returns how many seconds more than a list of the same files a clean build takes."""
    tools = ("a bundle", "a list of the files")
    bundle, files = (row(results, "bazel_thousand_clean", each).walls for each in tools)
    return statistics.median(a - b for a, b in zip(bundle, files, strict=True))


def twice(table: str) -> Value:
    """Returns how much longer the largest number of targets takes than half of it."""
    return lambda r: row(r, table).wall.median / row(r, table, part=2).wall.median


def changed_actions(results: Results) -> float:
    """Returns how many actions too many ran after a change of one target; one shard of digests may run."""
    ran = results.facts["bazel_changed"]
    return len(ran) - len(AFTER_A_CHANGE.intersection(ran))


def other_readers(results: Results) -> float:
    """Returns how many actions other than assemble and verify read a payload after a change of the key."""
    return sum(each not in MAY_READ_PAYLOADS for each in results.facts["bazel_signed_readers"])


ONE, SIXTEEN, THOUSAND = "1 file of 1 GiB", "16 files of 64 MiB", "1000 files of 10 KiB"
TWO = "2 bundles of 1 GiB"
BAZEL, MENDER = "Bazel, 1000 targets of 10 KiB", "mender-artifact"
TO_FLOOR, TO_MENDER = f"x {FLOOR}", f"x {MENDER}, lower quartile"
AT_REFERENCE = f"s where {FLOOR} takes {REFERENCE_SECONDS} s for 1 GiB"
CREATE, VERIFY = "thousand_files_create", "thousand_files_verify"
OTHER_KEY = "Bazel, another key for 1 GiB of payload"
GOALS = (
    Goal(ONE, "create", 1.25, TO_FLOOR, times("one_file_create")),
    Goal(ONE, "create, memory", 50, "MiB", lambda r: row(r, "one_file_create").peak.most),
    Goal(ONE, "verify", 1.15, TO_FLOOR, times("one_file_verify")),
    Goal(SIXTEEN, "create", 0.9, TO_FLOOR, times("sixteen_files_create")),
    Goal(SIXTEEN, "verify", 1.15, TO_FLOOR, times("sixteen_files_verify")),
    Goal(THOUSAND, "create", 0.12, "s", seconds(CREATE)),
    Goal(THOUSAND, "create", 0.12, AT_REFERENCE, reference_seconds(CREATE)),
    Goal(THOUSAND, "verify", 0.10, "s", seconds(VERIFY)),
    Goal(THOUSAND, "verify", 0.10, AT_REFERENCE, reference_seconds(VERIFY)),
    Goal(THOUSAND, "create", 1, TO_MENDER, times(CREATE, MENDER, lower_quartile)),
    Goal(THOUSAND, "verify", 1, TO_MENDER, times(VERIFY, MENDER, lower_quartile)),
    *(
        Goal("65,536 targets", what, 2 * NOISE, "x half as many", twice(f"targets_{what}"))
        for what in ("create", "verify", "inspect")
    ),
    Goal(
        "1 GiB into a raw slot",
        "install, memory",
        64,
        "MiB",
        lambda r: row(r, "install", CLIENT).peak.most,
    ),
    Goal(TWO, "diff", 1.2, TO_FLOOR, times("diff")),
    Goal(TWO, "diff, memory", 64, "MiB", lambda r: row(r, "diff").peak.most),
    Goal("release of 40 targets", "page", 1, "s", seconds("page")),
    Goal("start-up", "--help", 0.06, "s", seconds("start", f"{OURS} --help")),
    Goal("start-up", "step digest", 0.06, "s", seconds("start", f"{OURS} step digest")),
    Goal(BAZEL, "clean, over a list of the files", 2, "s", more_seconds),
    Goal(
        BAZEL, "one target changed", 1, "s", seconds("bazel_thousand_again", "one target changed")
    ),
    Goal(BAZEL, "one target changed", 0, "actions too many", changed_actions),
    Goal(BAZEL, "nothing changed", 0, "actions", lambda r: len(r.facts["bazel_unchanged"])),
    Goal("Bazel, 500 bundles of 4 targets", "clean", 8, "s", seconds("bazel_bundles", "bundles")),
    Goal(OTHER_KEY, "read it, next to assemble and verify", 0, "actions", other_readers),
)
