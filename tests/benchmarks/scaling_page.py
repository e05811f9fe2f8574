"""Renders the figures of docs/explanation/scaling.md."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.model import Load, Model, Point
from tests.benchmarks.page import grid
from tests.benchmarks.results import Row

MIB, GIB = 2**20, 2**30
# The product that the page plans for.
A_DAY = 10_000
OF_A_DAY = Load(bundles=1, targets=4, size=64 * MIB)
TEAMS = 50
CLEAN, CACHED = "Bazel, clean", "Bazel, from a disk cache"
CREATE, VERIFY = "`bundle create`", "`bundle verify`"


@dataclass(frozen=True)
class Measured:
    """A kind of work: its model, the points that the model was fitted to, and others to check it.

    `caches` has the bytes in the disk cache after each load.
    """

    name: str
    model: Model
    fitted: tuple[Point, ...]
    unseen: tuple[Point, ...]
    caches: tuple[tuple[Load, int], ...] = ()


@dataclass(frozen=True)
class Image:
    """One image of `size` bytes, made into a bundle and verified once."""

    size: int
    created: Row
    verified: Row


def figures(described: Sequence[str], measured: Sequence[Measured], image: Image) -> str:
    """Returns the generated part of the page."""
    by_name = {each.name: each for each in measured}
    fitted = [(each.model, point) for each in measured for point in each.fitted]
    unseen = [(each.model, point) for each in measured for point in each.unseen]
    parts = [
        "## The coefficients",
        "Measured on:",
        "\n".join(f"- {line}" for line in described),
        _coefficients(measured),
        "The model was fitted to some of the measurements. It differs from these by at most"
        f" {100 * _worst(fitted):.0f} %, and from the others by at most {100 * _worst(unseen):.0f} %:",
        _points(measured),
        "## A fleet product",
        f"{A_DAY:,} bundles a day, each of {OF_A_DAY.targets} targets and {_size(OF_A_DAY.size)},"
        " according to the model:",
        _fleet({name: each.model for name, each in by_name.items()}, by_name[CACHED].caches),
        f"## One image of {_size(image.size)}",
        _large(image),
    ]
    return "\n\n".join(parts) + "\n"


def _coefficients(measured: Sequence[Measured]) -> str:
    rows = []
    for each in measured:
        model = each.model
        bundle = f"{model.per_bundle * 1000:.1f} ms" if model.per_bundle else ""
        target, gib = model.per_target * 1e6, model.per_byte * GIB
        rows.append((each.name, f"{model.start:.2f} s", bundle, f"{target:.0f} ms", f"{gib:.2f} s"))
    return grid(("", "start", "a bundle", "1000 targets", "a GiB of payload"), rows)


def _points(measured: Sequence[Measured]) -> str:
    rows = []
    for each in measured:
        for point in (*each.fitted, *each.unseen):
            load, model = point.load, each.model.seconds(point.load)
            counts = (str(load.bundles), str(load.targets), _size(load.size))
            new = "" if point in each.fitted else "not fitted"
            rows.append((each.name, *counts, f"{point.seconds:.2f} s", f"{model:.2f} s", new))
    return grid(("", "bundles", "targets", "payload", "measured", "model", ""), rows)


def _fleet(models: dict[str, Model], caches: Sequence[tuple[Load, int]]) -> str:
    all_at_once = Load(A_DAY * OF_A_DAY.bundles, A_DAY * OF_A_DAY.targets, A_DAY * OF_A_DAY.size)
    built = models[CLEAN].seconds(all_at_once)
    fetched = models[CACHED].seconds(all_at_once)
    looked_up = models[CACHED].seconds(dataclasses.replace(all_at_once, size=0))
    verified = A_DAY * models[VERIFY].seconds(OF_A_DAY)
    beyond = _beyond_payloads(caches)
    stored = A_DAY * (OF_A_DAY.size + beyond)
    rows = [
        ("built in Bazel, verified, signed with dev keys", _time(built)),
        ("from a disk cache, with all bytes", _time(fetched)),
        ("from a disk cache, without the payloads' bytes", _time(looked_up)),
        ("verified again on the command line, one after another", _time(verified)),
        (f"built by {TEAMS} teams separately", _time(TEAMS * built)),
        (
            f"built by one team, from a cache for the other {TEAMS - 1}, without payloads",
            _time(built + (TEAMS - 1) * looked_up),
        ),
        ("stored in the cache, if nothing is removed", f"{stored / 2**40:.2f} TiB a day"),
        ("stored in the cache in addition to payloads", f"{beyond / 1024:.1f} KiB a bundle"),
    ]
    return grid(("", "on this machine"), rows)


def _beyond_payloads(caches: Sequence[tuple[Load, int]]) -> float:
    """The bytes that a cache has for each bundle, without its payload and what all bundles share."""
    without = sorted((load.bundles, size - load.size) for load, size in caches)
    (few, least), (many, most) = without[0], without[-1]
    return (most - least) / (many - few)


def _large(image: Image) -> str:
    rows = []
    for name, done in ((CREATE, image.created), (VERIFY, image.verified)):
        seconds, peak = done.wall.median, done.peak.most
        speed = image.size / GIB / seconds
        rows.append((name, f"{seconds:.0f}", f"{speed:.2f}", f"{peak:.0f} MiB"))
    return grid(("", "seconds", "GiB/s", "memory"), rows)


def _worst(points: Sequence[tuple[Model, Point]]) -> float:
    """Returns the error of the model, relative to the measurement."""
    return max(abs(model.seconds(point.load) / point.seconds - 1) for model, point in points)


def _size(size: int) -> str:
    for unit, name in ((GIB, "GiB"), (MIB, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size} bytes"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 120 * 60:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
