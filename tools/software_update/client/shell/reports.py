"""Sends reports, in a thread of their own: a report that fails never changes the outcome of an update."""

import hashlib
import json
import threading
from collections import deque
from typing import Any, Protocol
from urllib.parse import urlsplit

from software_update.client.config import ReportConfig
from software_update.client.paths import read_whole, write_whole
from software_update.client.shell.alarm import Alarm
from software_update.client.sources.backoff import wait_seconds
from software_update.client.system import Programs, Storage, System

Report = dict[str, Any]

# Reports that wait for the receiver; the oldest is dropped when a further one comes.
MAX_WAITING = 16
_FIRST_AGAIN, _LONGEST_AGAIN = 60.0, 6 * 3600.0
_MAX_DIGEST_BYTES = 64
_MAX_ANSWER_BYTES = 1 << 16


class Receiver(Protocol):
    """The receiver of reports."""

    def send(self, content: bytes) -> None:
        """Delivers a report. Raises OSError if the receiver does not take it now."""


class Reporter:
    """Reports that wait, and the thread that sends them in their order.

    The file `path` has the digest of the last report that was delivered, so a result is reported once, also
    over restarts. `alarm` is where the thread sleeps.
    """

    def __init__(self, system: System, path: str, receiver: Receiver, alarm: Alarm) -> None:
        self._storage: Storage = system.storage
        self._clock = system.clock
        self._path = path
        self._receiver = receiver
        self._alarm = alarm
        self._waiting: deque[Report] = deque(maxlen=MAX_WAITING)
        self._stopping = False
        self._thread: threading.Thread | None = None
        # The reason why the last attempt failed; empty if it did not.
        self.problem = ""

    def add(self, report: Report) -> None:
        """Adds a report, unless one about the same result waits. Returns at once.

        The thread starts with the first report.
        """
        if _digest(report) in map(_digest, tuple(self._waiting)):
            return
        self._waiting.append(report)
        if self._thread is None:
            self._thread = threading.Thread(target=self.run, name="reports", daemon=True)
            self._thread.start()
        self._alarm.ring()

    def stop(self) -> None:
        """Ends the thread soon. Reports that wait are lost, but for the last result: see `delivered`."""
        self._stopping = True
        self._alarm.ring()

    def delivered(self, report: Report) -> bool:
        """Returns whether this report was the last one that was delivered."""
        try:
            return read_whole(self._storage, self._path, _MAX_DIGEST_BYTES) == _digest(report)
        except OSError:
            return False

    def run(self) -> None:
        """Sends reports until `stop`."""
        attempts, due = 0, 0.0
        while not self._stopping:
            left = due - self._clock.since_boot()
            if not self._waiting or left > 0:
                self._alarm.wait(left if self._waiting else None)
                continue
            report = self._waiting[0]
            try:
                self._receiver.send(json.dumps(report, separators=(",", ":")).encode())
            except Exception as error:  # The thread must outlive whatever a receiver raises.
                self.problem = str(error) or type(error).__name__
                random = self._clock.random()
                wait = wait_seconds(attempts, random, first=_FIRST_AGAIN, longest=_LONGEST_AGAIN)
                attempts, due = attempts + 1, self._clock.since_boot() + wait
                continue
            attempts, due, self.problem = 0, 0.0, ""
            self._sent(report)

    def _sent(self, report: Report) -> None:
        # The queue may have dropped it meanwhile.
        if self._waiting and self._waiting[0] is report:
            self._waiting.popleft()
        try:
            write_whole(self._storage, self._path, _digest(report))
        except OSError as error:
            self.problem = str(error)  # It is sent once more after a restart.


def receiver_of(config: ReportConfig, programs: Programs) -> Receiver:
    """Returns the receiver that a configuration names."""
    if config.program:
        return ProgramReceiver(programs, config.program, config.timeout)
    return UrlReceiver(config.url or "", config.timeout)


class ProgramReceiver:
    """A program that reads a report as JSON from standard input, and ends with 0 when it has taken it."""

    def __init__(self, programs: Programs, program: tuple[str, ...], timeout: float) -> None:
        self._programs = programs
        self._program = program
        self._timeout = timeout

    def send(self, content: bytes) -> None:
        """See `Receiver.send`."""
        result = self._programs.run(self._program, stdin=content, timeout=self._timeout)
        if result.exit_code != 0:
            raise OSError(f"{self._program[0]}: ended with {result.exit_code}")


class UrlReceiver:
    """A server that takes a report as the body of a POST request, and answers with a status of 200 to 299.

    Requests carry `Host`, `Content-Type`, `Content-Length` and `Connection`, and nothing else. A redirection
    counts as a failure.
    """

    def __init__(self, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout

    def send(self, content: bytes) -> None:
        """See `Receiver.send`."""
        import http.client  # It takes memory, and a device may never report.

        parts = urlsplit(self._url)
        make = http.client.HTTPSConnection
        if parts.scheme == "http":
            make = http.client.HTTPConnection  # type: ignore[assignment]
        try:
            connection = make(parts.netloc, timeout=self._timeout)
        except http.client.InvalidURL as error:
            raise OSError(f"{parts.netloc}: {error}") from None
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.putrequest("POST", target, skip_accept_encoding=True)
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(content)))
            connection.putheader("Connection", "close")
            connection.endheaders(content)
            answer = connection.getresponse()
            answer.read(_MAX_ANSWER_BYTES)
        except http.client.HTTPException as error:
            raise OSError(
                f"{parts.netloc}: is not an HTTP server ({type(error).__name__})"
            ) from None
        finally:
            connection.close()
        if not 200 <= answer.status < 300:
            raise OSError(f"{parts.netloc}: answered with status {answer.status}")


def _digest(report: Report) -> bytes:
    """Returns the digest of the members that tell results, or messages to hawkBit, apart."""
    names = ("at", "code", "text", "release", "resource", "body")
    told = [report[name] for name in names if name in report]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest().encode()
