"""A linear model of the cost of bundles, with coefficients fitted to measurements."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """Bundles, with the targets and the payload bytes of all of them together."""

    bundles: int
    targets: int
    size: int


@dataclass(frozen=True)
class Point:
    """A load, and the seconds that were measured for it."""

    load: Load
    seconds: float


@dataclass(frozen=True)
class Model:
    """Seconds to start, and for each bundle, target and byte."""

    start: float
    per_bundle: float
    per_target: float
    per_byte: float

    def seconds(self, load: Load) -> float:
        """Returns the seconds that a load takes, all of it at once."""
        for_bundles = self.per_bundle * load.bundles + self.per_target * load.targets
        return self.start + for_bundles + self.per_byte * load.size


def fit(
    least: Point,
    *,
    bundles: Sequence[Point] = (),
    targets: Sequence[Point] = (),
    sizes: Sequence[Point] = (),
) -> Model:
    """Fits the model to series of loads, each of which grows in one thing and in what that needs.

    Each coefficient is the slope of the line through the first point of its series, which needs two more
    points; without a series it is 0. The rest of `least` is the start.
    """
    per_byte = _slope(sizes, lambda load: load.size, 0, 0)
    per_target = _slope(targets, lambda load: load.targets, 0, per_byte)
    per_bundle = _slope(bundles, lambda load: load.bundles, per_target, per_byte)
    model = Model(0, per_bundle, per_target, per_byte)
    return Model(least.seconds - model.seconds(least.load), per_bundle, per_target, per_byte)


def _slope(
    series: Sequence[Point],
    grows: Callable[[Load], int],
    per_target: float,
    per_byte: float,
) -> float:
    """Seconds for each unit of what grows, without those for the targets and bytes that come with it."""
    if not series:
        return 0
    first, *others = series

    def beyond(point: Point) -> float:
        more_targets = point.load.targets - first.load.targets
        more_bytes = point.load.size - first.load.size
        known = per_target * more_targets + per_byte * more_bytes
        return point.seconds - first.seconds - known

    more = [grows(point.load) - grows(first.load) for point in others]
    line = statistics.linear_regression(more, list(map(beyond, others)), proportional=True)
    return line.slope
