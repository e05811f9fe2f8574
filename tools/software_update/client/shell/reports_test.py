"""Tests of the reports: order, repetition, and that nothing depends on them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from software_update.client.config import ReportConfig
from software_update.client.shell.reports import (
    MAX_WAITING,
    ProgramReceiver,
    Reporter,
    UrlReceiver,
    receiver_of,
)
from software_update.client.system import ProgramResult
from software_update.testing.fake_device import STATE, FakeDevice

PATH = f"{STATE}/reported"


class FakeReceiver:
    """A receiver that fails as often as told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.received: list[Any] = []
        self.error: Exception = OSError("no answer")

    def send(self, content: bytes) -> None:
        if self.failures:
            self.failures -= 1
            raise self.error
        self.received.append(json.loads(content))


class FakeAlarm:
    """Time that passes while the thread sleeps. It stops the reporter when nothing waits any more."""

    def __init__(self, device: FakeDevice) -> None:
        self.device = device
        self.slept: list[float] = []
        self.reporter: Reporter

    def wait(self, seconds: float | None) -> None:
        if seconds is None:
            self.reporter.stop()
            return
        self.slept.append(seconds)
        self.device.clock.advance(seconds)

    def ring(self) -> None:
        pass


def reporter_of(receiver: FakeReceiver, device: FakeDevice) -> tuple[Reporter, FakeAlarm]:
    alarm = FakeAlarm(device)
    device.storage.make_folder(STATE)
    made = Reporter(device.system, PATH, receiver, alarm)
    alarm.reporter = made
    # The test is the thread.
    made._thread = threading.current_thread()
    return made, alarm


def test_reports_are_sent_in_their_order() -> None:
    receiver = FakeReceiver()
    reporter, alarm = reporter_of(receiver, FakeDevice())
    for number in range(3):
        reporter.add({"code": number})
    reporter.run()
    assert receiver.received == [{"code": 0}, {"code": 1}, {"code": 2}]
    assert alarm.slept == []


def test_report_about_a_result_that_waits_is_not_added_again() -> None:
    receiver = FakeReceiver()
    reporter, _ = reporter_of(receiver, FakeDevice())
    for running in (None, "1.0"):
        reporter.add({"at": "now", "code": "FELL_BACK", "running_version": running})
    reporter.add({"at": "later", "code": "FELL_BACK"})
    reporter.run()
    assert [each["at"] for each in receiver.received] == ["now", "later"]


def test_failed_report_is_sent_again_after_growing_waits() -> None:
    receiver = FakeReceiver(failures=12)
    reporter, alarm = reporter_of(receiver, FakeDevice())
    reporter.add({"code": 1})
    reporter.run()
    assert receiver.received == [{"code": 1}]
    assert len(alarm.slept) == 12
    for number, slept in enumerate(alarm.slept):
        assert 0 < slept <= min(6 * 3600, 60 * 2**number)
    assert reporter.problem == ""


def test_receiver_that_raises_any_exception_is_tried_again() -> None:
    receiver = FakeReceiver(failures=1)
    receiver.error = ValueError("not a port")
    reporter, _ = reporter_of(receiver, FakeDevice())
    reporter.add({"code": 1})
    reporter.run()
    assert receiver.received == [{"code": 1}]


def test_report_that_comes_meanwhile_does_not_shorten_the_wait() -> None:
    receiver = FakeReceiver(failures=1)
    reporter, alarm = reporter_of(receiver, FakeDevice())
    reporter.add({"code": 1})
    whole: list[float] = []
    wait = alarm.wait

    def interrupted(seconds: float | None) -> None:
        if seconds is not None and not whole:
            whole.append(seconds)
            reporter.add({"code": 2})
            alarm.device.clock.advance(seconds / 2)
            return
        wait(seconds)

    alarm.wait = interrupted  # type: ignore[method-assign]
    reporter.run()
    assert alarm.slept == [pytest.approx(whole[0] / 2)]
    assert receiver.received == [{"code": 1}, {"code": 2}]


def test_queue_is_bounded_and_drops_the_oldest() -> None:
    receiver = FakeReceiver()
    reporter, _ = reporter_of(receiver, FakeDevice())
    for number in range(MAX_WAITING + 3):
        reporter.add({"code": number})
    reporter.run()
    assert [each["code"] for each in receiver.received] == list(range(3, MAX_WAITING + 3))


def test_delivered_report_is_known_after_a_restart() -> None:
    device = FakeDevice()
    reporter, _ = reporter_of(FakeReceiver(), device)
    assert not reporter.delivered({"code": 1})
    reporter.add({"code": 1})
    reporter.run()
    reporter, _ = reporter_of(FakeReceiver(), device)
    assert reporter.delivered({"code": 1})
    assert not reporter.delivered({"code": 2})


def test_full_disk_stops_no_reports() -> None:
    device = FakeDevice()
    device.storage.free = 0
    receiver = FakeReceiver()
    reporter, _ = reporter_of(receiver, device)
    reporter.add({"code": 1})
    reporter.add({"code": 2})
    reporter.run()
    assert len(receiver.received) == 2
    assert "No space left" in reporter.problem


def test_thread_starts_with_the_first_report() -> None:
    class Bell:
        def __init__(self) -> None:
            self.rung = threading.Event()

        def wait(self, seconds: float | None) -> None:
            self.rung.wait(20)
            self.rung.clear()

        def ring(self) -> None:
            self.rung.set()

    sent = threading.Event()

    class Telling(FakeReceiver):
        def send(self, content: bytes) -> None:
            super().send(content)
            sent.set()

    device = FakeDevice()
    device.storage.make_folder(STATE)
    reporter = Reporter(device.system, PATH, Telling(), Bell())
    assert reporter._thread is None
    reporter.add({"code": 1})
    assert sent.wait(20)
    reporter.stop()
    assert reporter._thread is not None
    reporter._thread.join(20)
    assert not reporter._thread.is_alive()


def test_program_reads_the_report() -> None:
    device = FakeDevice()
    read: list[bytes] = []

    def program(argv: object, stdin: bytes) -> ProgramResult:
        read.append(stdin)
        return ProgramResult(len(read) - 1, b"", b"")

    device.programs.programs["report"] = program
    config = ReportConfig(("/usr/bin/report", "-x"), None, 5)
    receiver = receiver_of(config, device.programs)
    assert isinstance(receiver, ProgramReceiver)
    receiver.send(b"{}")
    assert (read, device.programs.calls) == ([b"{}"], [("/usr/bin/report", "-x")])
    with pytest.raises(OSError, match=r"^/usr/bin/report: ended with 1$"):
        receiver.send(b"{}")


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            received.append((self.path, dict(self.headers), self.rfile.read(length)))
            self.send_response(statuses.pop(0))
            self.send_header("Location", "http://other.example/")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    received: list[Any] = []
    statuses = [204, 302, 500]
    with HTTPServer(("127.0.0.1", 0), Handler) as made:
        made.received = received  # type: ignore[attr-defined]
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def test_url_gets_the_report_with_these_headers_and_no_others(server: HTTPServer) -> None:
    host = f"127.0.0.1:{server.server_port}"
    receiver = receiver_of(ReportConfig(None, f"http://{host}/in?a=1", 5), FakeDevice().programs)
    receiver.send(b"{}")
    headers = {
        "Host": host,
        "Content-Type": "application/json",
        "Content-Length": "2",
        "Connection": "close",
    }
    assert server.received == [("/in?a=1", headers, b"{}")]  # type: ignore[attr-defined]
    for status in (302, 500):
        with pytest.raises(OSError, match=f"^{host}: answered with status {status}$"):
            receiver.send(b"{}")


@pytest.mark.parametrize("port", ["0", "none"])
def test_server_that_is_not_there_is_an_error(port: str) -> None:
    with pytest.raises(OSError):
        UrlReceiver(f"http://127.0.0.1:{port}/", 5).send(b"{}")
