"""Tests of the pace of a download."""

import pytest

from software_update.client.sources.pace import Pace, TooSlow


class Time:
    """A clock that moves in sleeps, and in reads of `seconds` each."""

    def __init__(self, seconds: float = 0.0, most: int = 10**9) -> None:
        self.at = 1000.0
        self.slept = 0.0
        self.seconds = seconds
        self.most = most

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept += seconds
        self.at += seconds

    def read(self, length: int) -> bytes:
        self.at += self.seconds
        return bytes(min(length, self.most))

    def download(self, length: int, limit: int | None = None) -> float:
        """Returns the seconds that a download takes."""
        pace = Pace(self.now, self.sleep, limit)
        started = self.at
        while length:
            length -= len(pace.read(self.read, length))
        return self.at - started


@pytest.mark.parametrize("limit", [10, 1000, 1_000_000])
@pytest.mark.parametrize("seconds", [0.0, 0.001])
def test_download_takes_as_long_as_the_limit_says(limit: int, seconds: float) -> None:
    assert Time(seconds).download(20 * limit, limit) == pytest.approx(20, abs=1.1)


def test_slow_source_is_not_slowed_further() -> None:
    time = Time(seconds=1, most=500)
    assert time.download(5000, limit=1000) == pytest.approx(10)
    assert time.slept == 0


def test_time_without_a_download_is_not_made_up_for() -> None:
    time = Time()
    pace = Pace(time.now, time.sleep, 1000)
    pace.read(time.read, 1000)
    time.at += 3600
    started = time.at
    for _ in range(5):
        pace.read(time.read, 1000)
    assert time.at - started == pytest.approx(4)


def test_reads_are_short() -> None:
    time = Time()
    assert len(Pace(time.now, time.sleep).read(time.read, 10**9)) == 65_536
    assert len(Pace(time.now, time.sleep, 50).read(time.read, 10**9)) == 50


def test_source_that_sends_hardly_anything_is_too_slow() -> None:
    time = Time(seconds=10, most=1)
    with pytest.raises(TooSlow, match="sent only 6 bytes in 60 seconds"):
        time.download(100)
    assert time.at == 1060


def test_source_of_the_least_speed_is_not_too_slow() -> None:
    assert Time(seconds=10, most=2560).download(256_000) == 1000


def test_speed_before_the_window_does_not_count() -> None:
    time = Time()
    pace = Pace(time.now, time.sleep)
    for _ in range(100):
        pace.read(time.read, 65_536)
    time.seconds, time.most = 30, 1
    pace.read(time.read, 10)
    pace.read(time.read, 10)
    pace.read(time.read, 10)
    with pytest.raises(TooSlow):
        pace.read(time.read, 10)


def test_limit_and_pauses_of_the_reader_do_not_make_a_source_slow() -> None:
    time = Time()
    pace = Pace(time.now, time.sleep, limit=10)
    for _ in range(100):
        pace.read(time.read, 100)
        time.at += 60
