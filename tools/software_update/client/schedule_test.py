"""Tests of the times of checks, for one client and for a thousand of them after an outage."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from software_update.client.config import CheckConfig
from software_update.client.schedule import (
    QUICK_RETRIES,
    check_again,
    first_check,
    next_check,
    until_consulted,
    wait_after_failure,
)
from software_update.client.state import Detail, State

HOUR = 3600.0
INTERVAL = 6 * HOUR
FIRST_RETRY = 60.0
CLIENTS = 1000
# Requests are counted in periods of ten minutes, in which 28 are expected.
PERIOD = 600.0
ALMOST_1 = 1 - 2**-53


def test_first_check_is_anywhere_in_the_interval() -> None:
    assert first_check(INTERVAL, 0.0) == 0
    assert 0.99 * INTERVAL < first_check(INTERVAL, ALMOST_1) <= INTERVAL


def test_next_check_is_a_quarter_of_the_interval_earlier_or_later() -> None:
    assert next_check(INTERVAL, 0.0) == 0.75 * INTERVAL
    assert 1.24 * INTERVAL < next_check(INTERVAL, ALMOST_1) <= 1.25 * INTERVAL


def test_failed_checks_are_repeated_soon_and_then_wait_for_the_ordinary_one() -> None:
    waits = [
        check_again(attempts, ALMOST_1, INTERVAL, FIRST_RETRY)
        for attempts in range(1, QUICK_RETRIES + 2)
    ]
    assert waits == [pytest.approx(60), pytest.approx(120), pytest.approx(1.25 * INTERVAL)]


def test_wait_that_the_server_asks_for_comes_in_addition() -> None:
    assert check_again(1, 0.5, INTERVAL, FIRST_RETRY, retry_after=1000) == 1030
    assert check_again(9, 0.5, INTERVAL, FIRST_RETRY, retry_after=1000) == 1000 + INTERVAL


def test_plan_that_has_begun_goes_on_with_exponential_waits() -> None:
    times = CheckConfig(interval=int(INTERVAL), first_retry=60, longest_retry=12 * 3600)

    def wait(detail: Detail, attempts: int) -> float:
        return wait_after_failure(State(detail=detail, attempts=attempts), times, 0.5, 7)

    assert [wait(Detail.DOWNLOADING, attempts) for attempts in range(4)] == [37, 67, 127, 247]
    assert wait(Detail.DOWNLOADING, 30) == 7 + 6 * HOUR
    for detail in (Detail.IDLE, Detail.AWAITING_CONSENT):
        assert [wait(detail, attempts) for attempts in range(3)] == [37, 67, 7 + INTERVAL]


def test_deferred_policy_is_asked_when_the_wall_clock_says_so() -> None:
    assert until_consulted(1000, 900, 0.0, 0.0, 1000.0) == 100
    assert until_consulted(1000, 1000, 0.0, 0.0, 1000.0) == 0
    # The clock was set forward.
    assert until_consulted(1000, 5000, 1.0, 0.0, 1000.0) == 0


def test_clock_that_goes_backwards_does_not_prolong_a_wait() -> None:
    assert until_consulted(1000, -90_000_000, 0.0, 0.0, 300.0) == 300
    assert until_consulted(1000, -90_000_000, 300.0, 0.0, 300.0) == 0


def test_wall_clock_is_looked_at_four_times_an_hour_while_a_decision_waits_for_it() -> None:
    assert until_consulted(1_800_000_000, 0, 0.0, 0.0, 1_800_000_000.0) == 900


def requests(
    numbers: random.Random, down: tuple[float, float], end: float, started_together: bool
) -> Iterator[float]:
    """Yields the times at which one client asks a server that is down for a while."""
    at = first_check(INTERVAL, numbers.random())
    if started_together:
        at += down[1]
    attempts = 0
    while at < end:
        yield at
        if down[0] <= at < down[1]:
            attempts += 1
            at += check_again(attempts, numbers.random(), INTERVAL, FIRST_RETRY)
        else:
            attempts = 0
            at += next_check(INTERVAL, numbers.random())


@pytest.mark.parametrize("started_together", [False, True])
@pytest.mark.parametrize("hours", [1 / 6, 1, 3, 6, 24, 7 * 24])
def test_thousand_clients_after_an_outage_ask_at_most_twice_as_often_as_on_average(
    hours: float, started_together: bool
) -> None:
    numbers = random.Random(20261128)
    down = (3 * INTERVAL, 3 * INTERVAL + hours * HOUR)
    end = down[1] + 2 * INTERVAL
    after = Counter(
        int((at - down[1]) / PERIOD)
        for _ in range(CLIENTS)
        for at in requests(numbers, down, end, started_together)
        if at >= down[1]
    )
    mean = CLIENTS * PERIOD / INTERVAL
    peak = max(after.values())
    print(f"outage of {hours:.1f} h: peak {peak / mean:.2f} x the mean")
    assert peak <= 2 * mean
