"""The same with 1,000 devices. It prints the traffic, of which docs/explanation/scaling.md has a model."""

from __future__ import annotations

import time
from pathlib import Path

from tests.serving.fleet import DAY, HOUR
from tests.serving.fleet_story import START, fleet, play

DEVICES = 1000


def test_thousand_devices_stay_within_bands_and_a_halt_stops_them(tmp_path: Path) -> None:
    began = time.monotonic()
    with fleet(tmp_path, DEVICES, interval=12 * HOUR) as (devices, publisher):
        play(devices, publisher)
        days = (devices.now - START) / DAY
        traffic = devices.traffic
    print(f"{DEVICES} devices, {days:.0f} days, {time.monotonic() - began:.0f} s")
    for kind, requests in traffic.requests.most_common():
        size = traffic.body_bytes[kind] / DEVICES
        print(f"{kind}: {requests / DEVICES:.2f} requests and {size:.0f} bytes per device")
