"""Plays the story of a fleet with 1,000 devices, and prints its traffic for docs/explanation/scaling.md.

    ./bazelw run //tests/serving:fleet_1000

It takes too long for a test; fleet_test plays the same with fewer devices.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.serving.fleet import DAY, HOUR
from tests.serving.fleet_story import START, fleet, play

DEVICES = 1000


def main(folder: Path) -> None:
    """Prints requests and bytes per device, by kind of object. Raises AssertionError if a device is wrong."""
    began = time.monotonic()
    with fleet(folder, DEVICES, interval=12 * HOUR) as (devices, publisher):
        play(devices, publisher)
        days = (devices.now - START) / DAY
        traffic = devices.traffic
    print(f"{DEVICES} devices, {days:.0f} days, {time.monotonic() - began:.0f} s")
    for kind, requests in traffic.requests.most_common():
        size = traffic.body_bytes[kind] / DEVICES
        print(f"{kind}: {requests / DEVICES:.2f} requests and {size:.0f} bytes per device")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        main(Path(name))
