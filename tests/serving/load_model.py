"""A model of the load that devices put on a repository, for docs/explanation/scaling.md. Pure.

    load = daily(Operation(), SIZES)
    load.requests["timestamp"] * DEVICES

It counts per device and day. `python -m tests.serving.load_model` prints the tables of the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

# Bytes of the bodies of a channel with 12 releases, each of them in a rollout of four bands, as in
# load_model_test. "root" is nginx's answer that there is no newer root, and "first part" is assumed.
SIZES = {
    "root": 153,
    "timestamp": 486,
    "snapshot": 1925,
    "channel": 5360,
    "rollout": 4070,
    "first part": 2000,
}
DEVICES = 100_000_000


@dataclass(frozen=True)
class Operation:
    """The operation of a repository and its devices. Times are in hours.

    `interval` is the mean time between two checks of a device, `publications` and `rollout_changes` are
    their numbers per day, `snapshot_renewal` is the time between two renewals of a snapshot without a
    change, and `installs` is the number of releases that a device installs in a day.
    """

    interval: float = 6
    publications: float = 1 / 30
    rollout_changes: float = 4 / 30
    snapshot_renewal: float = 84
    installs: float = 1 / 30
    bundle_bytes: int = 64 * 1024 * 1024

    @property
    def checks(self) -> float:
        """The checks of a device in a day."""
        return 24 / self.interval


@dataclass(frozen=True)
class Load:
    """Requests, and bytes of bodies, by kind of object."""

    requests: Mapping[str, float]
    body_bytes: Mapping[str, float]

    def total_requests(self) -> float:
        """Returns the requests of all kinds."""
        return sum(self.requests.values())

    def total_bytes(self, *, bundles: bool = False) -> float:
        """Returns the bytes of all kinds; those of bundles only if wanted."""
        return sum(size for kind, size in self.body_bytes.items() if bundles or kind != "bundle")


def daily(operation: Operation, sizes: Mapping[str, int]) -> Load:
    """Returns the load of one device in a day, on average."""
    changes = operation.publications + operation.rollout_changes
    renewals = 24 / operation.snapshot_renewal
    requests = {
        "root": operation.checks,
        "timestamp": operation.checks,
        "snapshot": _seen(changes + renewals, operation.checks),
        "channel": _seen(operation.publications, operation.checks),
        "rollout": _seen(changes, operation.checks),
        # A device reads the first part of a bundle to ask, and once more to install it.
        "first part": 2 * operation.installs,
        "bundle": operation.installs,
    }
    body_bytes = {
        kind: number * sizes.get(kind, operation.bundle_bytes) for kind, number in requests.items()
    }
    return Load(requests, body_bytes)


def _seen(changes: float, checks: float) -> float:
    """Returns how many checks in a day find at least one change of so many in a day, at random times."""
    return checks * (1 - math.exp(-changes / checks))


def origin_requests(edges: int, max_age: int, objects: float) -> float:
    """Returns the requests in a day that a cache with so many places passes on to the storage.

    `max_age` is that of the timestamp and of missing roots in seconds, and `objects` is the number of new
    objects in a day.
    """
    return edges * (2 * 86_400 / max_age + objects)


def share_reached(hours: float, interval: float) -> float:
    """Returns the share of connected devices that have looked `hours` after a change, or later.

    A device looks again after 0.75 to 1.25 intervals, each time being as likely, and the change comes at a
    random time in between.
    """
    shortest, longest = 0.75 * interval, 1.25 * interval
    if hours <= shortest:
        return hours / interval
    if hours >= longest:
        return 1.0
    missing = (longest - hours) ** 2 / (2 * (longest - shortest) * interval)
    return 1.0 - missing


# The tables of the page.

_INTERVALS = (1, 6, 24)


def tables() -> list[str]:
    """Returns the tables of the page, each as lines of Markdown."""
    return [_load_table(), _change_table(), _cache_table(), _halt_table()]


def _load_table() -> str:
    rows = ["| interval | requests | mean rate | metadata | bundles |", "|---|---|---|---|---|"]
    for interval in _INTERVALS:
        load = daily(Operation(interval=interval), SIZES)
        requests = load.total_requests() * DEVICES
        bundles = load.body_bytes["bundle"] * DEVICES
        rows.append(
            f"| {_hours(interval)} | {requests / 1e6:,.0f} million | {requests / 86_400:,.0f} a second "
            f"| {load.total_bytes() * DEVICES / 1e9:,.0f} GB | {bundles / 1e12:,.0f} TB |"
        )
    return "\n".join(rows)


def _change_table() -> str:
    release = {"snapshot": 1, "channel": 1, "rollout": 1, "first part": 1}
    halt = {"snapshot": 1, "rollout": 1}
    rows = ["| after | requests | metadata |", "|---|---|---|"]
    for name, objects in (("a publication with its rollout", release), ("a halt", halt)):
        size = sum(SIZES[kind] * number for kind, number in objects.items())
        requests = sum(objects.values())
        rows.append(
            f"| {name} | {requests * DEVICES / 1e6:,.0f} million | {size * DEVICES / 1e9:,.0f} GB |"
        )
    return "\n".join(rows)


def _cache_table() -> str:
    rows = ["| edges | requests that reach the storage in a day |", "|---|---|"]
    for edges in (1, 100, 1000):
        rows.append(f"| {edges:,} | {origin_requests(edges, 60, 10):,.0f} |")
    return "\n".join(rows)


def _halt_table() -> str:
    rows = [
        "| interval | half of the devices | 9 of 10 | all that are connected |",
        "|---|---|---|---|",
    ]
    for interval in _INTERVALS:
        times = [_until_share(share, interval) for share in (0.5, 0.9, 1.0)]
        rows.append("| " + " | ".join([_hours(interval), *map(_hours, times)]) + " |")
    return "\n".join(rows)


def _until_share(share: float, interval: float) -> float:
    """Returns the hours after which this share of the devices has looked, in steps of 6 minutes."""
    steps = 0
    while share_reached(steps / 10, interval) < share:
        steps += 1
    return steps / 10


def _hours(hours: float) -> str:
    return "1 hour" if hours == 1 else f"{hours:g} hours"


if __name__ == "__main__":
    print("\n\n".join(tables()))
