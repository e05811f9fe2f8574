"""Decides how long a client waits after a failed request, so that many clients do not return at once. Pure.

The order matters: a wait that is capped after its jitter is the same for all clients that have failed often.
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ calls this full jitter.
"""

from software_update.client.sources.headers import MAX_RETRY_AFTER

FIRST_WAIT = 60.0
LONGEST_WAIT = 6 * 3600.0
_MAX_DOUBLINGS = 32


def wait_seconds(
    attempt: int,
    random: float,
    retry_after: float | None = None,
    *,
    first: float = FIRST_WAIT,
    longest: float = LONGEST_WAIT,
) -> float:
    """Returns the seconds to wait after attempt 0, 1, 2 and so on has failed.

    `random` is a number from 0 up to but without 1. Without `retry_after`, the wait is that part of `first`
    seconds, doubled for each attempt, and at most `longest`. `retry_after` seconds, of which at most a day
    counts, come in addition: a server that tells all its clients the same would see all of them again.
    """
    most = min(longest, first * 2.0 ** min(attempt, _MAX_DOUBLINGS))
    asked = 0.0 if retry_after is None else min(max(retry_after, 0.0), MAX_RETRY_AFTER)
    return asked + random * most
