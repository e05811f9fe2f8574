"""Tests of the real clocks."""

import time

import pytest

from software_update.client.shell.clock import MachineClock


def test_wall_clock_and_time_of_day(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = MachineClock()
    assert abs(clock.now() - time.time()) < 5
    monkeypatch.setattr(time, "localtime", lambda: time.gmtime(7265))
    assert clock.local_minute() == 121


def test_time_since_boot_only_grows() -> None:
    clock = MachineClock()
    first = clock.since_boot()
    assert 0 < first <= clock.since_boot()


def test_boot_id_is_the_kernels() -> None:
    clock = MachineClock()
    assert len(clock.boot_id()) == 36
    assert clock.boot_id() == MachineClock().boot_id()


def test_random_numbers_differ_and_are_below_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = MachineClock()
    numbers = {clock.random() for _ in range(100)}
    assert len(numbers) == 100
    assert all(0 <= number < 1 for number in numbers)
    monkeypatch.setattr("os.urandom", lambda count: b"\xff" * count)
    assert 0.999 < clock.random() < 1


def test_random_bytes_of_a_secret_differ() -> None:
    clock = MachineClock()
    secrets = {clock.random_bytes(32) for _ in range(10)}
    assert len(secrets) == 10
    assert {len(each) for each in secrets} == {32}
