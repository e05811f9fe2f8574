"""Tests of backoff.py."""

import random
from collections import Counter

import pytest

from software_update.client.sources.backoff import wait_seconds

ALMOST_ONE = 1 - 2**-53


def test_wait_doubles_up_to_a_limit() -> None:
    waits = [wait_seconds(attempt, 0.5, first=8, longest=30) for attempt in range(5)]
    assert waits == [4, 8, 15, 15, 15]


@pytest.mark.parametrize("attempt", [0, 3, 40, 10**9])
def test_jitter_is_full_at_each_attempt(attempt: int) -> None:
    """Jitter before the cap would be none."""
    most = min(3600.0, 10.0 * 2 ** min(attempt, 30))
    waits = [wait_seconds(attempt, part / 10, first=10, longest=3600) for part in range(10)]
    assert waits == pytest.approx([most * part / 10 for part in range(10)])
    assert wait_seconds(attempt, ALMOST_ONE, first=10, longest=3600) <= most


@pytest.mark.parametrize(
    ("asked", "least"),
    [(None, 0), (0.0, 0), (120.0, 120), (-5.0, 0), (1e9, 86_400), (float("inf"), 86_400)],
)
def test_time_that_the_server_asks_for_is_waited_and_spread(
    asked: float | None, least: float
) -> None:
    assert wait_seconds(0, 0.0, asked, first=60) == least
    assert wait_seconds(0, 0.5, asked, first=60) == least + 30


def test_outage_at_most_doubles_the_rate_of_requests() -> None:
    """1000 clients that check each hour, an outage of ten minutes, and the requests of ten minutes each."""
    draw = random.Random(16).random
    outage = range(10_800, 11_400)
    requests: Counter[int] = Counter()
    for _ in range(1000):
        now, attempt = 3600 * draw(), 0
        while now < 25_000:
            requests[int(now) // 600] += 1
            attempt = attempt + 1 if int(now) in outage else 0
            now += wait_seconds(attempt - 1, draw()) if attempt else 3600
    mean = 1000 / 6
    assert max(requests[part] for part in range(19, 41)) <= 2 * mean


def test_clients_that_fail_at_once_do_not_return_at_once() -> None:
    draw = random.Random(16).random
    returns = Counter(int(wait_seconds(6, draw())) // 60 for _ in range(1000))
    assert max(returns.values()) <= 30
