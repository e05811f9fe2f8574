"""Progress of work that takes more than two seconds, shown on a terminal if a program asks for it."""

import time
from typing import ClassVar, TextIO

_QUIET_SECONDS = 2.0
_INTERVAL_SECONDS = 0.2
_MIB = 1024 * 1024


class Stopped(Exception):
    """Raised in threads whose results are no longer needed."""


class Progress:
    """Counts bytes done of `total`; shows them on a terminal, and wipes the line at the end.

    The threads that it counts for are stopped by it, too.
    """

    # Where the progress of all work in this process is shown; None: nowhere.
    terminal: ClassVar[TextIO | None] = None

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._done = 0
        self._next = time.monotonic() + _QUIET_SECONDS
        self._shown = False
        self._stopped = False

    def stop(self) -> None:
        """From now on `add` raises Stopped: work in other threads ends there."""
        self._stopped = True

    def add(self, count: int) -> None:
        if self._stopped:
            raise Stopped
        self._done += count
        if self.terminal is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _INTERVAL_SECONDS
        self._shown = True
        percent = 100 * self._done // max(self._total, 1)
        self.terminal.write(
            f"\r{self._what}: {self._done // _MIB} of {self._total // _MIB} MiB, {percent} %"
        )
        self.terminal.flush()

    def close(self) -> None:
        if self._shown and self.terminal is not None:
            self.terminal.write("\r\x1b[K")
            self.terminal.flush()
            self._shown = False
