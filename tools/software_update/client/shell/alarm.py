"""Lets the service sleep until something is due or a request arrives."""

import os
import select
import time
from typing import Protocol


class Alarm(Protocol):
    """The one place where the service sleeps."""

    def wait(self, seconds: float | None) -> None:
        """Sleeps until `ring`, or for `seconds`; None: without an end."""

    def ring(self) -> None:
        """Wakes up the service, now or at its next sleep. Any thread and signal handler may call it."""


class SystemAlarm:
    """An alarm of Linux. Time in which the machine is suspended counts.

    Without a timer of the clock since boot (Python below 3.13), a suspended machine sleeps longer.
    """

    def __init__(self) -> None:
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._bell, select.POLLIN)
        self._signals, self._signal = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll.register(self._signals, select.POLLIN)
        self._timer = -1
        make_timer = getattr(os, "timerfd_create", None)
        if make_timer is not None:
            self._timer = make_timer(time.CLOCK_BOOTTIME, flags=os.O_NONBLOCK | os.O_CLOEXEC)
            self._poll.register(self._timer, select.POLLIN)

    @property
    def signal_fd(self) -> int:
        """A file for `signal.set_wakeup_fd`: without it, a signal just before the sleep would be late."""
        return self._signal

    def wait(self, seconds: float | None) -> None:
        """See `Alarm.wait`."""
        milliseconds = None
        if seconds is not None:
            # At least a moment: a timer of 0 seconds is one that never ends.
            seconds = max(seconds, 0.001)
            if self._timer >= 0:
                os.timerfd_settime(self._timer, initial=seconds)  # type: ignore[attr-defined, unused-ignore]
            else:
                milliseconds = int(seconds * 1000) + 1
        elif self._timer >= 0:
            os.timerfd_settime(self._timer, initial=0)  # type: ignore[attr-defined, unused-ignore]
        for number, _ in self._poll.poll(milliseconds):
            os.read(number, 8)

    def ring(self) -> None:
        """See `Alarm.ring`."""
        os.eventfd_write(self._bell, 1)

    def close(self) -> None:
        """Closes what it has opened."""
        for each in (self._bell, self._signals, self._signal):
            os.close(each)
        if self._timer >= 0:
            os.close(self._timer)
