"""Tests of the model of the load: its sizes, its rule of checks, and the page that quotes it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from software_update.client.schedule import next_check
from software_update.testing.repositories import DAY, NOW, Release, RepositoryFolder

from tests.serving.load_model import SIZES, Operation, daily, share_reached, tables

PAGE = Path("docs/explanation/scaling.md").read_text(encoding="utf-8")


def test_sizes_are_those_of_a_channel_with_twelve_releases(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    more = {"kind": "security", "severity": "high", "hardware_ids": ["board-a", "board-b"]}
    made = [Release(f"4.{n}.0-2031.05.17", 100 + n, minimum=90, more=more) for n in range(12)]
    repository.add(*made)
    for each in made:
        bands = ((1, NOW), (10, NOW + DAY), (50, NOW + 2 * DAY), (100, NOW + 3 * DAY))
        repository.rollout(each.version, *bands)
    metadata = repository.path / "metadata"
    roles = {
        "timestamp": "timestamp.json",
        "snapshot": "*.snapshot.json",
        "channel": "*.channel.meter.stable.json",
        "rollout": "*.rollout.meter.stable.json",
    }
    for kind, pattern in roles.items():
        newest = max(metadata.glob(pattern), key=lambda path: path.stat().st_size)
        assert newest.stat().st_size == pytest.approx(SIZES[kind], rel=0.03), kind


def test_check_that_finds_nothing_new_takes_two_requests() -> None:
    idle = Operation(publications=0, rollout_changes=0, snapshot_renewal=1e9, installs=0)
    load = daily(idle, SIZES)
    assert load.total_requests() == pytest.approx(2 * idle.checks)


def test_change_is_fetched_once_by_a_device_that_looks_often() -> None:
    often = daily(Operation(interval=0.1, publications=1, rollout_changes=0), SIZES)
    assert often.requests["channel"] == pytest.approx(1, rel=0.01)
    seldom = daily(Operation(interval=24, publications=50, rollout_changes=0), SIZES)
    assert seldom.requests["channel"] == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("hours", [1, 4, 5, 6, 7, 7.4])
def test_share_that_has_looked_is_that_of_the_schedule(hours: float) -> None:
    numbers = random.Random(7)
    reached = 0
    for _ in range(20_000):
        # The wait in which the change falls, which is more likely to be a long one.
        wait = max(next_check(6, numbers.random()) for _ in range(1))
        while numbers.random() > wait / 7.5:
            wait = next_check(6, numbers.random())
        reached += wait * numbers.random() <= hours
    assert reached / 20_000 == pytest.approx(share_reached(hours, 6), abs=0.015)


def test_page_has_the_tables_of_the_model() -> None:
    for table in tables():
        assert f"\n{table}\n" in PAGE
