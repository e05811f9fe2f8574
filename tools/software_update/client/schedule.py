"""Decides when the service looks for releases, so that many clients spread over the interval. Pure.

Each wait has its own randomness, as in `sources/backoff.py`: `random` is a number from 0 up to but without 1.
"""

from software_update.client.config import CheckConfig
from software_update.client.sources.backoff import wait_seconds
from software_update.client.state import AT_REST, Detail, State

# A check that failed so often in a row waits for the next ordinary one. Each further quick retry would let
# all clients of a server return together after an outage, and bring no device its update earlier than the
# interval promises.
QUICK_RETRIES = 2
# The longest that the wall clock is not looked at while a decision waits for a time of day, because only
# looking at it shows that it was set.
_LONGEST_UNWATCHED = 900.0


def first_check(interval: float, random: float) -> float:
    """Returns the seconds from the start of the service to its first check, at most one interval.

    All devices of a region start together when the power comes back.
    """
    return interval * random


def next_check(interval: float, random: float) -> float:
    """Returns the seconds from a check to the next one: the interval, a quarter of it more or less."""
    return interval * (0.75 + 0.5 * random)


def check_again(
    attempts: int, random: float, interval: float, first: float, retry_after: float | None = None
) -> float:
    """Returns the seconds to wait after `attempts` checks in a row have failed (1, 2, 3 and so on).

    `first` is the most that the first of these waits takes; the second may take twice as long. Seconds that
    the server asked for (`retry_after`) come in addition.
    """
    if attempts <= QUICK_RETRIES:
        return wait_seconds(attempts - 1, random, retry_after, first=first, longest=interval)
    asked = wait_seconds(0, 0.0, retry_after)
    return asked + next_check(interval, random)


def wait_after_failure(
    state: State, times: CheckConfig, random: float, retry_after: float | None
) -> float:
    """Returns the seconds to wait after a source has failed, once more than `state.attempts` says.

    A plan that has begun goes on sooner than the next check, because its release was agreed to.
    """
    if state.detail in AT_REST or state.detail == Detail.AWAITING_CONSENT:
        return check_again(
            state.attempts + 1, random, times.interval, times.first_retry, retry_after
        )
    return wait_seconds(
        state.attempts, random, retry_after, first=times.first_retry, longest=times.longest_retry
    )


def until_consulted(
    not_before: int, now: int, since_boot: float, deferred_at: float, length: float
) -> float:
    """Returns the seconds until the policy is asked again; 0 if it is time.

    `not_before` and `now` are on the wall clock. The decision was deferred for `length` seconds, at
    `deferred_at` on the clock since boot, which counts as well: a wall clock that was set back would
    otherwise make the client wait for years.
    """
    left = min(not_before - now, deferred_at + length - since_boot)
    return max(0.0, min(left, _LONGEST_UNWATCHED))
