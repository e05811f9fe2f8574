"""Tests of the API: requests over a real socket to a service with a device in memory."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from software_update.base.errors import InputError
from software_update.client.config import Approvers, CheckConfig
from software_update.client.shell import api as api_module
from software_update.client.shell.actions import ACTIONS
from software_update.client.shell.alarm import SystemAlarm
from software_update.client.shell.api import CODES, MAX_LISTENERS_OF_USER, MAX_OF_USER, Api
from software_update.client.shell.callers import Caller
from software_update.client.shell.client import Client
from software_update.client.shell.notify import Notifier
from software_update.client.shell.service import Service
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice
from software_update.testing.short_folder import short_folder

CONTENTS = {"app": b"application\n" * 300_000, "boot": b"bootloader\n"}
TIMES = CheckConfig(6 * 3600, 60, 3600)
ONLY_ITSELF = Approvers(frozenset(), frozenset())
GUEST = Caller("guest", frozenset({"guests"}))


class Device:
    """A service with its API, and a client of the API."""

    def __init__(self, path: Path) -> None:
        self.fake = FakeDevice()
        self.path = str(path / "run" / "client.sock")
        domains = {"main": self.fake.domain()}
        self.service = Service(
            lambda on_change, on_progress: Client(
                self.fake.system, STATE, domains, on_change, on_progress, TIMES
            ),
            ONLY_ITSELF,
            TIMES,
            SystemAlarm(),
            Notifier({}),
        )
        self.api = Api(self.service, ONLY_ITSELF, self.path)
        self.thread = threading.Thread(target=self._run)
        self.ready = threading.Event()

    def _run(self) -> None:
        self.service.start()
        self.api.open()
        self.ready.set()
        self.service.run()
        self.api.close()

    def connect(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(20)
        made.connect(self.path)
        return made

    def send(self, content: bytes) -> tuple[int, Any]:
        """Sends a request as it is. Returns the status and the JSON of the answer."""
        with self.connect() as connection:
            connection.sendall(content)
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = received.partition(b"\r\n\r\n")
        assert int(head.lower().partition(b"content-length: ")[2].split()[0]) == len(body)
        return int(head.split()[1]), json.loads(body)

    def get(self, path: str) -> tuple[int, Any]:
        return self.send(f"GET {path} HTTP/1.1\r\nHost: device\r\n\r\n".encode())

    def post(self, path: str, fields: object = None) -> tuple[int, Any]:
        body = json.dumps({} if fields is None else fields).encode()
        head = f"POST {path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
        return self.send(head.encode() + body)

    @contextmanager
    def events(self) -> Iterator[Iterator[tuple[str, Any]]]:
        """Opens a stream of events, and returns an iterator over them."""
        with self.connect() as connection, connection.makefile("rb") as file:
            connection.sendall(b"GET /v1/events HTTP/1.1\r\n\r\n")
            assert file.readline() == b"HTTP/1.1 200 OK\r\n"
            for line in iter(file.readline, b"\r\n"):
                assert b":" in line
            yield _events(file)


def _events(file: Any) -> Iterator[tuple[str, Any]]:
    while line := file.readline():
        event = line.removeprefix(b"event: ").strip().decode()
        yield event, json.loads(file.readline().removeprefix(b"data: "))
        assert file.readline() == b"\n"


@pytest.fixture(name="folder")
def folder_fixture() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture
def device(folder: Path) -> Iterator[Device]:
    made = Device(folder)
    made.thread.start()
    assert made.ready.wait(20)
    yield made
    made.service.stop()
    made.thread.join(20)
    assert not os.path.exists(made.path)


def asking(device: Device) -> Any:
    """Lets the device find a release, and returns the question about it."""
    device.fake.offer(e.bundle(CONTENTS, version=7))
    status, document = device.post("/v1/check")
    assert (status, document["detail"]) == (200, "AwaitingConsent")
    return document["question"]


def wait_for(device: Device, detail: str) -> Any:
    for _ in range(2000):
        document = device.get("/v1/status")[1]
        if document["detail"] == detail:
            return document
        time.sleep(0.01)
    raise AssertionError(f"{document['detail']} instead of {detail}")


def test_update_over_the_api(device: Device) -> None:
    question = asking(device)
    assert question["release"] == device.get("/v1/status")[1]["plan"]["release"]
    answer = {"release": question["release"], "reply": "yes", "phases": ["download", "restart"]}
    assert device.post("/v1/answer", answer)[0] == 200
    wait_for(device, "AwaitingRestart")
    device.fake.boot.start()
    assert device.post("/v1/restart-done")[0] == 200
    document = wait_for(device, "Finished")
    assert document["result"]["code"] == "UPDATED"
    status, history = device.get("/v1/history?after=1&count=2")
    assert (status, len(history["lines"])) == (200, 2)
    assert device.get("/v1/history/verify")[0] == 200
    status, verified = device.get("/v1/verify-installed")
    assert (status, verified["slot"], verified["version"]) == (200, "B", "7")


def test_answer_has_the_name_that_the_kernel_knows(device: Device) -> None:
    question = asking(device)
    fields = {"release": question["release"], "reply": "no"}
    assert device.post("/v1/answer", fields)[0] == 200
    assert device.post("/v1/answer", {**fields, "who": "alice"})[0] == 400
    lines = device.get("/v1/history")[1]["lines"]
    assert [line["answer"]["who"] for line in lines if "answer" in line] == [_this_user()]


def _this_user() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


def test_stream_has_each_state_and_progress(device: Device) -> None:
    question = asking(device)
    with device.events() as events:
        event, status = next(events)
        assert (event, status["detail"]) == ("status", "AwaitingConsent")
        device.fake.clock.advance(1)
        answer = {"release": question["release"], "reply": "yes"}
        assert device.post("/v1/answer", answer)[0] == 200
        found = []
        for event, document in events:
            found.append((event, document.get("detail") or document["work"]))
            if event == "status" and document["asking"]:
                break
    assert [each for each in found if each[0] == "status"][1:] == [
        ("status", "Downloading"),
        ("status", "Verifying"),
        ("status", "AwaitingConsent"),
        ("status", "AwaitingConsent"),
    ]
    assert ("progress", "write slot") in found


def test_stream_ends_with_the_service(device: Device) -> None:
    with device.events() as events:
        next(events)
        device.service.stop()
        assert list(events) == []


def test_closed_stream_is_forgotten(device: Device) -> None:
    for _ in range(3 * MAX_LISTENERS_OF_USER):
        with device.events() as events:
            next(events)
        for _ in range(2000):
            if not device.api._listeners:
                break
            time.sleep(0.01)
        assert device.api._listeners == []


def test_reading_needs_no_permission_and_each_action_does(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_module, "caller_of", lambda uid, gid: GUEST)
    for path in ("/v1/status", "/v1/history", "/v1/history/verify"):
        assert device.get(path)[0] == 200
    for name in ACTIONS:
        status, document = device.post(f"/v1/{name}")
        assert (status, document["code"], document["exit_code"]) == (403, "NOT_PERMITTED", 1)
        assert "guest" in document["text"]


def test_socket_is_for_everyone_and_its_folder_is_not_writable(device: Device) -> None:
    assert os.stat(device.path).st_mode & 0o777 == 0o666
    assert os.stat(os.path.dirname(device.path)).st_mode & 0o022 == 0


def test_status_is_read_while_the_service_is_at_work(device: Device) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(control: object) -> None:
        begun.set()
        go_on.wait(20)

    thread = threading.Thread(target=device.service.call, args=(work, 20))
    thread.start()
    assert begun.wait(20)
    assert device.get("/v1/status")[0] == 200
    go_on.set()
    thread.join()


def test_action_that_the_service_does_not_begin_is_given_up(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_module, "ACTION_SECONDS", 0.01)
    monkeypatch.setattr(device.service, "_serve", lambda: None)
    status, document = device.post("/v1/check")
    assert (status, document["code"]) == (503, "BUSY")


@pytest.mark.parametrize(
    ("path", "fields", "status", "text"),
    [
        ("/v1/answer", {"reply": "yes"}, 400, "release is missing"),
        ("/v1/answer", {"release": "0" * 64, "reply": "maybe"}, 400, "reply: must be one of yes"),
        ("/v1/answer", {"release": "0" * 64, "reply": "yes"}, 409, "no release waits"),
        ("/v1/answer", {"release": 7}, 400, "release: must be a string"),
        ("/v1/answer", {"release": "0", "phases": "restart"}, 400, "phases: must be an array"),
        ("/v1/check", {"automatic": "yes"}, 400, "automatic: must be true or false"),
        ("/v1/answer", {"release": "0", "reply": "later", "until": "soon"}, 400, "until"),
        ("/v1/install", {}, 400, "path is missing"),
        ("/v1/install", {"path": "/nowhere"}, 500, "/nowhere: No such file"),
        ("/v1/policy", {}, 400, "preset is missing"),
        ("/v1/policy", {"preset": "often"}, 400, "not a preset"),
        ("/v1/check", {"domain": "other"}, 400, "no domain is called"),
        ("/v1/check", {"now": "yes"}, 400, "now: is not a member of check"),
        ("/v1/check", [], 400, "not a JSON object"),
        ("/v1/commit", None, 409, "no slot is being tried"),
        ("/v1/rollback", None, 409, "no update is under way"),
        ("/v1/status", None, 405, "takes only GET"),
        ("/v1/events", None, 405, "takes only GET"),
        ("/v1/reboot", None, 404, "does not exist"),
        ("/check", None, 404, "does not exist"),
    ],
)
def test_action_that_is_not_valid_is_one_line_and_a_code(
    device: Device, path: str, fields: object, status: int, text: str
) -> None:
    found, document = device.post(path, fields)
    assert (found, document["code"]) == (status, CODES[status][0])
    assert text in document["text"]
    assert "\n" not in document["text"]


@pytest.mark.parametrize(
    "path",
    ["/v1/status?a=1", "/v1/history?after=x", "/v1/history?after=-1", "/v1/verify-installed?b="],
)
def test_query_that_is_not_valid_is_rejected(device: Device, path: str) -> None:
    assert device.get(path)[0] == 400


def test_action_takes_only_post(device: Device) -> None:
    assert device.get("/v1/check")[0] == 405


def test_bytes_that_are_not_http_are_rejected_and_the_service_goes_on(device: Device) -> None:
    assert device.send(b"\x16\x03\x01 hello\r\n\r\n")[0] == 400
    assert device.send(b"GET / HTTP/1.1\r\nA: " + b"a" * 9000 + b"\r\n\r\n")[0] == 431
    assert device.send(b"POST /v1/check HTTP/1.1\r\nContent-Length: 99999\r\n\r\n")[0] == 413
    with device.connect() as connection:
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert device.get("/v1/status")[0] == 200


def test_slow_request_is_given_up(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "REQUEST_SECONDS", 0.05)
    status, document = device.send(b"GET /v1/sta")
    assert (status, document["code"]) == (408, "TOO_SLOW")


def test_user_with_too_many_connections_gets_no_further_one(device: Device) -> None:
    with ExitStack() as stack:
        for _ in range(MAX_OF_USER):
            stack.enter_context(device.connect())
        for _ in range(2000):
            if device.api._connections.total() == MAX_OF_USER:
                break
            time.sleep(0.01)
        with device.connect() as connection:
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b'"code":"BUSY"' in answer
    for _ in range(2000):
        if device.api._connections.total() == 0:
            break
        time.sleep(0.01)
    assert device.get("/v1/status")[0] == 200


def test_user_with_too_many_streams_gets_no_further_one(device: Device) -> None:
    with ExitStack() as stack:
        for _ in range(MAX_LISTENERS_OF_USER):
            next(stack.enter_context(device.events()))
        assert device.get("/v1/events")[0] == 503


def test_socket_that_a_dead_service_left_is_replaced(folder: Path) -> None:
    first, second = Device(folder), Device(folder)
    first.api.open()
    first.api._socket.close()
    second.api.open()
    second.connect().close()
    second.api.close()


@pytest.mark.parametrize("path", ["/proc/client.sock", "/tmp/" + "a" * 103])
def test_socket_that_cannot_be_made_is_one_line(folder: Path, path: str) -> None:
    device = Device(folder)
    device.api._path = path
    with pytest.raises(InputError, match=f"^{path}: "):
        device.api.open()
