"""Tests of the sleep of the service."""

import os
import threading
import time
from collections.abc import Iterator

import pytest

from software_update.client.shell.alarm import SystemAlarm


@pytest.fixture(params=["timer of the clock since boot", "none"])
def alarm(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SystemAlarm]:
    if request.param == "none":
        monkeypatch.delattr(os, "timerfd_create", raising=False)
    made = SystemAlarm()
    yield made
    made.close()


def slept(alarm: SystemAlarm, seconds: float | None) -> float:
    began = time.monotonic()
    alarm.wait(seconds)
    return time.monotonic() - began


def test_it_sleeps_for_the_time(alarm: SystemAlarm) -> None:
    assert slept(alarm, 0.05) >= 0.05
    assert slept(alarm, 0.05) >= 0.05


def test_ring_before_the_sleep_ends_it_at_once(alarm: SystemAlarm) -> None:
    alarm.ring()
    alarm.ring()
    assert slept(alarm, 60) < 30
    assert slept(alarm, 0.05) >= 0.05


def test_ring_wakes_up_from_another_thread(alarm: SystemAlarm) -> None:
    threading.Timer(0.05, alarm.ring).start()
    assert slept(alarm, None) < 30


def test_signal_before_the_sleep_ends_it_at_once(alarm: SystemAlarm) -> None:
    os.write(alarm.signal_fd, b"\x0f")
    assert slept(alarm, 60) < 30
    assert slept(alarm, 0.05) >= 0.05


def test_no_time_left_is_a_short_sleep(alarm: SystemAlarm) -> None:
    assert slept(alarm, 0) < 30
    assert slept(alarm, -5) < 30
