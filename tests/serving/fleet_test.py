"""A fleet takes a release in four bands, and a halt stops it: the real service and source against nginx."""

from __future__ import annotations

from pathlib import Path

from tests.serving.fleet import HOUR
from tests.serving.fleet_story import fleet, play


def test_fleet_stays_within_bands_and_a_halt_stops_it(tmp_path: Path) -> None:
    with fleet(tmp_path, 18, interval=12 * HOUR) as (devices, publisher):
        play(devices, publisher)
