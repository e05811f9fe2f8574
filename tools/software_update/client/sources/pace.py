"""Keeps a download below a limit of bytes per second, and stops one that is too slow to ever end."""

from collections.abc import Callable

_MOST_AT_ONCE = 64 * 1024
# A source that gives fewer bytes per second than this for as long as the window ties up the client.
LEAST_BYTES_PER_SECOND = 256
WINDOW_SECONDS = 60.0


class TooSlow(OSError):
    """Too few bytes arrived in too long a time."""


class Pace:
    """The speed of one download, over all its requests.

    `now` returns seconds, `sleep` waits for seconds. `limit` and `least` are in bytes per second; None for no
    limit. Only time that is spent in reading counts for slowness: neither the limit nor a slow medium makes
    a source too slow.
    """

    def __init__(
        self,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        limit: int | None = None,
        least: int = LEAST_BYTES_PER_SECOND,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._limit = limit
        self._least = least
        self._next = 0.0
        self._seconds = 0.0
        self._bytes = 0

    def read(self, read: Callable[[int], bytes], length: int) -> bytes:
        """Calls `read` for at most `length` bytes, when it is time. Raises TooSlow."""
        length = min(length, _MOST_AT_ONCE)
        if self._limit is None:
            return self._measured(read, length)
        started = self._now()
        if self._next > started:
            self._sleep(self._next - started)
        content = self._measured(read, min(length, self._limit))
        self._next = max(self._next, started) + len(content) / self._limit
        return content

    def _measured(self, read: Callable[[int], bytes], length: int) -> bytes:
        started = self._now()
        content = read(length)
        self._seconds += self._now() - started
        self._bytes += len(content)
        if self._seconds >= WINDOW_SECONDS:
            seconds, received = self._seconds, self._bytes
            self._seconds, self._bytes = 0.0, 0
            if received < self._least * seconds:
                raise TooSlow(f"sent only {received} bytes in {seconds:.0f} seconds")
        return content
