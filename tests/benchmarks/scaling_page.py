"""A linear model of the cost of bundles, and the figures of docs/explanation/scaling.md."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from tests.benchmarks.page import grid
from tests.benchmarks.results import GIB, MIB, Row


class Load(NamedTuple):
    """Bundles, with the targets and the payload bytes of all of them together."""

    bundles: int
    targets: int
    size: int


class Point(NamedTuple):
    """A load, and the seconds that were measured for it."""

    load: Load
    seconds: float


class Model(NamedTuple):
    """Seconds to start, and for each bundle, target and byte."""

    start: float
    per_bundle: float
    per_target: float
    per_byte: float

    def seconds(self, load: Load) -> float:
        """Returns the seconds that a load takes, all of it at once."""
        return self.start + sum(a * b for a, b in zip(self[1:], load, strict=True))


# The series that a model is fitted to, in the page's order: each grows in one thing and in what that needs.
SERIES = ("least", "bundles", "targets", "sizes")


@dataclass(frozen=True)
class Measured:
    """A kind of work, with its points by series: SERIES, and `unseen` to check the model with.

    `caches` has the bytes in the disk cache after each load.
    """

    name: str
    points: Mapping[str, Sequence[Point]]
    caches: Sequence[tuple[Load, int]] = field(default=())

    @property
    def fitted(self) -> list[Point]:
        """The points that the model is fitted to."""
        return list(chain.from_iterable(self.points.get(name, ()) for name in SERIES))

    @cached_property
    def model(self) -> Model:
        """Each coefficient is the slope of a series, or 0 without one; the rest of `least` is the start."""
        [least] = self.points["least"]
        model = Model(0, 0, 0, 0)
        for name, at in (("sizes", 2), ("targets", 1), ("bundles", 0)):
            series = [*(() if name == "sizes" else (least,)), *self.points.get(name, ())]
            if len(series) > 1:
                first = series[0]
                more = [point.load[at] - first.load[at] for point in series]
                # Without the seconds that are known to come with more targets and bytes.
                rest = [p.seconds - model.seconds(p.load) for p in series]
                line = statistics.linear_regression(
                    more, [r - rest[0] for r in rest], proportional=True
                )
                slopes = [*model[1:]]
                slopes[at] = line.slope
                model = Model(0, *slopes)
        return model._replace(start=least.seconds - model.seconds(least.load))

    def error(self, points: Sequence[Point]) -> float:
        """Returns the largest error of the model, relative to the measurement."""
        return max(abs(self.model.seconds(load) / seconds - 1) for load, seconds in points)


# The product that the page plans for.
A_DAY = 10_000
OF_A_DAY = Load(bundles=1, targets=4, size=64 * MIB)
TEAMS = 50
CLEAN, CACHED = "Bazel, clean", "Bazel, from a disk cache"
CREATE, VERIFY = "`bundle create`", "`bundle verify`"


def figures(machine: Sequence[str], measured: Sequence[Measured], image: Sequence[Row]) -> str:
    """Returns the generated part of the page; `image` is the work on one large image."""
    fitted = max(each.error(each.fitted) for each in measured)
    unseen = max(each.error(each.points["unseen"]) for each in measured)
    parts = [
        "## The coefficients",
        "Measured on:",
        "\n".join(f"- {line}" for line in machine),
        coefficients(measured),
        "The model was fitted to some of the measurements. It differs from these by at most"
        f" {100 * fitted:.0f} %, and from the others by at most {100 * unseen:.0f} %:",
        all_points(measured),
        "## A fleet product",
        f"{A_DAY:,} bundles a day, each of {OF_A_DAY.targets} targets and {bytes_of(OF_A_DAY.size)},"
        " according to the model:",
        fleet({each.name: each for each in measured}),
        f"## One image of {bytes_of(image[0].size)}",
        large(image),
    ]
    return "\n\n".join(parts) + "\n"


def coefficients(measured: Sequence[Measured]) -> str:
    """Returns the coefficients in readable units."""
    rows = []
    for each in measured:
        start, bundle, target, byte = each.model
        for_bundle = f"{bundle * 1000:.1f} ms" if bundle else ""
        rows.append(
            (
                each.name,
                f"{start:.2f} s",
                for_bundle,
                f"{target * 1e6:.0f} ms",
                f"{byte * GIB:.2f} s",
            )
        )
    return grid(("", "start", "a bundle", "1000 targets", "a GiB of payload"), rows)


def all_points(measured: Sequence[Measured]) -> str:
    """Returns what was measured for each load, and what the model says."""
    rows = []
    for each in measured:
        fitted = [(point, "") for point in each.fitted]
        for (load, seconds), new in (*fitted, *((p, "not fitted") for p in each.points["unseen"])):
            counts = (str(load.bundles), str(load.targets), bytes_of(load.size))
            times = (f"{seconds:.2f} s", f"{each.model.seconds(load):.2f} s")
            rows.append((each.name, *counts, *times, new))
    return grid(("", "bundles", "targets", "payload", "measured", "model", ""), rows)


def fleet(measured: Mapping[str, Measured]) -> str:
    """Returns the cost of a day of the product, according to the model."""
    day = Load(*(A_DAY * each for each in OF_A_DAY))
    built = measured[CLEAN].model.seconds(day)
    fetched = measured[CACHED].model.seconds(day)
    looked_up = measured[CACHED].model.seconds(day._replace(size=0))
    verified = A_DAY * measured[VERIFY].model.seconds(OF_A_DAY)
    # The bytes that a cache has for each bundle, without its payload and what all bundles share.
    without = sorted((load.bundles, size - load.size) for load, size in measured[CACHED].caches)
    (few, least), (many, most) = without[0], without[-1]
    beyond = (most - least) / (many - few)
    stored = A_DAY * (OF_A_DAY.size + beyond)
    by_one = f"built by one team, from a cache for the other {TEAMS - 1}, without payloads"
    rows = [
        ("built in Bazel, verified, signed with dev keys", time(built)),
        ("from a disk cache, with all bytes", time(fetched)),
        ("from a disk cache, without the payloads' bytes", time(looked_up)),
        ("verified again on the command line, one after another", time(verified)),
        (f"built by {TEAMS} teams separately", time(TEAMS * built)),
        (by_one, time(built + (TEAMS - 1) * looked_up)),
        ("stored in the cache, if nothing is removed", f"{stored / 2**40:.2f} TiB a day"),
        ("stored in the cache in addition to payloads", f"{beyond / 1024:.1f} KiB a bundle"),
    ]
    return grid(("", "on this machine"), rows)


def large(image: Sequence[Row]) -> str:
    """Returns the seconds, the speed and the memory of the work on one image."""
    rows = []
    for row in image:
        seconds, memory = row.wall.median, f"{row.peak.most:.0f} MiB"
        rows.append((row.tool, f"{seconds:.0f}", f"{row.size / GIB / seconds:.2f}", memory))
    return grid(("", "seconds", "GiB/s", "memory"), rows)


def bytes_of(size: int) -> str:
    """Returns a size with three significant digits and its unit."""
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"


def time(seconds: float) -> str:
    """Returns a time in seconds, minutes or hours."""
    for unit, name in ((1, "s"), (60, "minutes")):
        if seconds < 120 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 3600:.1f} hours"
