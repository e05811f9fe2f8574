"""Tests of the consent page on the client's socket."""

import json
import os
import pwd
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from software_update.client.config import Approvers, CheckConfig
from software_update.client.shell import callers
from software_update.client.shell.alarm import SystemAlarm
from software_update.client.shell.api import Api
from software_update.client.shell.callers import Caller, this_process
from software_update.client.shell.client import Client
from software_update.client.shell.clock import MachineClock
from software_update.client.shell.consent_page import ConsentPage
from software_update.client.shell.loopback import Loopback
from software_update.client.shell.notify import Notifier
from software_update.client.shell.page_socket import SocketPage
from software_update.client.shell.service import Service
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice
from software_update.testing.page_writer import Answer, TextWriter, form_request, send
from software_update.testing.short_folder import short_folder

TIMES = CheckConfig(6 * 3600, 60, 3600)
ONLY_ITSELF = Approvers(frozenset(), frozenset())
THIS_USER = pwd.getpwuid(os.geteuid()).pw_name


class Device:
    """A service with a question, and the page on its socket."""

    def __init__(self, folder: Path, *, page: bool = True, on_loopback: bool = False) -> None:
        fake = FakeDevice()
        fake.offer(e.bundle({"app": b"application\n"}, version=7))
        domains = {"main": fake.domain()}
        self.service = Service(
            lambda on_change, on_progress: Client(
                fake.system, STATE, domains, on_change, on_progress, TIMES
            ),
            ONLY_ITSELF,
            TIMES,
            SystemAlarm(),
            Notifier({}),
        )
        shown = ConsentPage(self.service.call, ONLY_ITSELF, TextWriter())
        self.loopback = Loopback(shown, MachineClock()) if on_loopback else None
        new_address = self.loopback.new_address if self.loopback else None
        on_socket = SocketPage(shown, new_address, "s" * 64) if page else None
        self.path = str(folder / "client.sock")
        self.api = Api(self.service, ONLY_ITSELF, self.path, on_socket)
        self.thread = threading.Thread(target=self._run)
        self.ready = threading.Event()

    def _run(self) -> None:
        self.service.start()
        if self.loopback:
            self.loopback.open()
        self.api.open()
        self.ready.set()
        self.service.run()
        self.api.close()
        if self.loopback:
            self.loopback.close()

    def __enter__(self) -> "Device":
        self.thread.start()
        assert self.ready.wait(20)
        self.service.call(lambda control: control.check(this_process()), 20)
        return self

    def __exit__(self, *_: object) -> None:
        self.service.stop()
        self.thread.join(20)

    def send(self, content: bytes) -> Answer:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(20)
        connection.connect(self.path)
        return send(connection, content)

    def get(self, path: str) -> Answer:
        return self.send(f"GET {path} HTTP/1.1\r\nAccept-Language: de\r\n\r\n".encode())

    def history(self) -> list[dict[str, str]]:
        lines = self.service.call(lambda control: control.history(), 20)["lines"]
        return [line["answer"] for line in lines if "answer" in line]


@pytest.fixture(name="folder")
def folder_fixture() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


def test_answer_on_the_page_has_the_name_that_the_kernel_knows(folder: Path) -> None:
    with Device(folder) as device:
        page = device.get("/page")
        assert (page.status, page.field("language"), page.field("phase")) == (200, "de", "download")
        answered = device.send(form_request(page.field("action"), page.question("no")))
        assert answered.status == 200
        assert [(each["who"], each["reply"]) for each in device.history()] == [(THIS_USER, "no")]


def test_user_who_may_not_answer_reads_the_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = Caller("guest", frozenset())
    with Device(folder) as device:
        monkeypatch.setattr(callers, "caller_of", lambda uid, gid: guest)
        monkeypatch.setattr("software_update.client.shell.api.caller_of", lambda uid, gid: guest)
        page = device.get("/page")
        assert page.status == 200
        assert device.send(form_request("/page/answer", page.question("yes"))).status == 403
        assert device.history() == []


def test_answer_needs_the_secret_of_the_page(folder: Path) -> None:
    with Device(folder) as device:
        fields = device.get("/page").question("yes")
        del fields["secret"]
        assert device.send(form_request("/page/answer", fields)).status == 403
        assert device.send(form_request("/page/answer", {**fields, "secret": "é"})).status == 403
        assert device.history() == []


def test_wrong_methods(folder: Path) -> None:
    with Device(folder) as device:
        assert device.get("/page/answer").status == 405
        assert device.get("/page/address").status == 405
        assert device.send(form_request("/page", {})).status == 405


def address(device: Device, body: str) -> tuple[int, dict[str, object]]:
    head = f"POST /page/address HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
    answer = device.send(f"{head}{body}".encode())
    return answer.status, json.loads(answer.body)


def test_address_on_loopback(folder: Path) -> None:
    with Device(folder, on_loopback=True) as device:
        status, document = address(device, "")
        assert (status, document["schema"]) == (200, "software_update.client_page.v1")
        assert str(document["address"]).startswith("http://127.")
        assert document["seconds"] == 120
        assert address(device, json.dumps({"user": THIS_USER}))[0] == 200
        assert address(device, '{"user": "unknown-user"}')[0] == 400
        assert address(device, '{"who": "root"}')[0] == 400


def test_no_address_without_loopback(folder: Path) -> None:
    with Device(folder) as device:
        status, document = address(device, "")
        assert (status, document["code"]) == (409, "REFUSED")
        assert "consent.page = true" in str(document["text"])


def test_service_without_the_page(folder: Path) -> None:
    with Device(folder, page=False) as device:
        for path in ("/page", "/page/answer", "/page/address"):
            answer = device.get(path)
            assert (answer.status, json.loads(answer.body)["code"]) == (404, "NOT_FOUND")
