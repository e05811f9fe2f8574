"""Tests of the consent page on loopback: requests of browsers, of other sites and of other users."""

import os
import pwd
import re
import socket
import threading
from collections.abc import Iterator

import pytest

from software_update.base.errors import UsageError
from software_update.client.config import Approvers, CheckConfig
from software_update.client.shell import loopback as loopback_module
from software_update.client.shell.alarm import SystemAlarm
from software_update.client.shell.callers import Caller, this_process, user_id
from software_update.client.shell.client import Client
from software_update.client.shell.clock import MachineClock
from software_update.client.shell.consent_page import ConsentPage
from software_update.client.shell.http_request import HttpError
from software_update.client.shell.loopback import MAX_CONNECTIONS, Loopback, uid_of
from software_update.client.shell.notify import Notifier
from software_update.client.shell.page_sessions import TOKEN_SECONDS
from software_update.client.shell.service import Service
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice
from software_update.testing.page_writer import Answer, TextWriter, form_request, send

CONTENTS = {"app": b"application\n", "boot": b"bootloader\n"}
TIMES = CheckConfig(6 * 3600, 60, 3600)
ALICE = Caller("alice", frozenset())
APPROVERS = Approvers(frozenset({"alice"}), frozenset())
UID = os.geteuid()


class Clock(MachineClock):
    """The clock of the machine, which a test can move."""

    moved = 0.0

    def since_boot(self) -> float:
        return super().since_boot() + self.moved


class Device:
    """A service with the page on loopback, and its question, and a browser."""

    def __init__(self) -> None:
        self.fake = FakeDevice()
        domains = {"main": self.fake.domain()}
        self.service = Service(
            lambda on_change, on_progress: Client(
                self.fake.system, STATE, domains, on_change, on_progress, TIMES
            ),
            APPROVERS,
            TIMES,
            SystemAlarm(),
            Notifier({}),
        )
        self.clock = Clock()
        page = ConsentPage(self.service.call, APPROVERS, TextWriter())
        self.loopback = Loopback(page, self.clock)
        self.thread = threading.Thread(target=self._run)
        self.ready = threading.Event()
        self.cookie = ""

    def _run(self) -> None:
        self.service.start()
        self.loopback.open()
        self.ready.set()
        self.service.run()
        self.loopback.close()

    def ask(self, version: int = 7) -> None:
        """Lets the device find a release."""
        self.fake.offer(e.bundle(CONTENTS, version=version))
        self.service.call(lambda control: control.check(this_process()), 20)

    def answers(self) -> list[tuple[str, str]]:
        """Returns the users and replies in the history."""
        lines = self.service.call(lambda control: control.history(), 20)["lines"]
        return [
            (line["answer"]["who"], line["answer"]["reply"]) for line in lines if "answer" in line
        ]

    @property
    def host(self) -> str:
        return self.loopback._host

    def address(self) -> str:
        return self.loopback.new_address(ALICE, UID)

    def connect(self) -> socket.socket:
        address, _, port = self.host.partition(":")
        return socket.create_connection((address, int(port)), 20)

    def get(self, path: str = "/", **headers: str) -> Answer:
        lines = {"host": self.host} | headers
        head = "".join(
            f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items() if value
        )
        return send(self.connect(), f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Sends a form as a browser does. A header that is empty is left out."""
        usual = {
            "host": self.host,
            "origin": f"http://{self.host}",
            "sec_fetch_site": "same-origin",
        }
        cookie = f"other=1; {self.cookie}" if self.cookie else ""
        return send(
            self.connect(), form_request(path, fields, **(usual | {"cookie": cookie} | headers))
        )

    def open(self, address: str, **headers: str) -> Answer:
        """Opens an address, and keeps the cookie."""
        answer = self.post("/open", {"token": address.partition("#")[2]}, **headers)
        if answer.status == 200:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device()
    made.thread.start()
    assert made.ready.wait(20)
    yield made
    made.service.stop()
    made.thread.join(20)
    with pytest.raises(OSError):
        made.connect()


def test_person_opens_the_page_and_answers(device: Device) -> None:
    device.ask()
    address = device.address()
    assert re.fullmatch(r"http://127\.\d+\.\d+\.\d+:\d+/#[0-9a-f]{64}", address)
    assert device.get().field("action") == "/open"
    page = device.open(address)
    assert (page.status, page.field("phase"), page.field("action")) == (200, "download", "/answer")
    assert page.headers["set-cookie"].endswith("; path=/; httponly; samesite=strict")
    assert page.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert page.headers["cache-control"] == "no-store"
    answered = device.post("/answer", page.question("no"))
    assert answered.status == 200
    assert answered.field("text")
    assert device.answers() == [("alice", "no")]


def test_questions_of_later_phases_are_answered_on_the_same_page(device: Device) -> None:
    device.ask()
    page = device.open(device.address())
    device.post("/answer", page.question("yes"))
    for _ in range(2000):
        page = device.open(device.address())
        # Until the client asks again, the page has a text in place of a question.
        if "phase=restart" in page.body.splitlines():
            break
    assert device.post("/answer", page.question("later")).status == 200
    assert device.answers() == [("alice", "yes"), ("alice", "later")]


def test_page_is_loaded_again_with_its_cookie(device: Device) -> None:
    device.ask()
    address = device.address()
    first = device.open(address)
    assert device.open(address).body == first.body


def test_without_a_question_the_page_can_look_again(device: Device) -> None:
    page = device.open(device.address())
    assert page.field("text")
    device.ask()
    again = device.post(page.field("action"), {"secret": page.field("secret")})
    assert (again.status, again.field("phase")) == (200, "download")
    assert device.answers() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "localhost:1"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
    ids=str,
)
def test_requests_of_other_hosts_and_sites_are_refused(
    device: Device, headers: dict[str, str]
) -> None:
    device.ask()
    address = device.address()
    assert device.open(address, **headers).status == 403
    page = device.open(address)
    assert page.status == 200
    assert device.post("/answer", page.question("yes"), **headers).status == 403
    assert device.answers() == []


def test_a_name_that_leads_here_shows_nothing(device: Device) -> None:
    """DNS rebinding: a page of another site asks for its own name, which has become our address."""
    assert device.get(host="evil.example").status == 403
    assert device.get(origin="http://evil.example").status == 403


def test_used_expired_and_unknown_tokens_are_refused(device: Device) -> None:
    device.ask()
    address = device.address()
    assert device.open(address).status == 200
    device.cookie = ""
    assert device.open(address).status == 403
    assert device.open("#" + "0" * 64).status == 403
    assert device.open("").status == 403
    late = device.address()
    device.clock.moved = TOKEN_SECONDS
    assert device.open(late).status == 403


def test_token_of_another_user_is_refused(device: Device) -> None:
    device.ask()
    address = device.loopback.new_address(ALICE, UID + 1)
    refused = device.open(address)
    assert (refused.status, "another user" in refused.field("text")) == (403, True)


def test_session_of_another_user_is_refused(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.ask()
    page = device.open(device.address())
    monkeypatch.setattr(loopback_module, "uid_of", lambda peer, own: UID + 1)
    assert device.post("/answer", page.question("yes")).status == 403
    assert device.answers() == []


def test_user_who_may_not_answer_gets_no_address(device: Device) -> None:
    with pytest.raises(HttpError) as error:
        device.loopback.new_address(Caller("guest", frozenset()), UID)
    assert error.value.status == 403


@pytest.mark.parametrize("missing", ["cookie", "secret"])
def test_answer_needs_the_cookie_and_the_secret_of_the_page(device: Device, missing: str) -> None:
    device.ask()
    fields = device.open(device.address()).question("yes")
    if missing == "cookie":
        device.cookie = ""
    else:
        fields["secret"] = "0" * 64
    assert device.post("/answer", fields).status == 403
    assert device.answers() == []


def test_answer_to_an_old_question_is_refused(device: Device) -> None:
    device.ask()
    page = device.open(device.address())
    device.service.call(lambda control: control.cancel(this_process()), 20)
    device.ask(8)
    refused = device.post("/answer", page.question("yes"))
    assert (refused.status, "has changed" in refused.field("text")) == (409, True)
    assert device.answers() == []


@pytest.mark.parametrize("name", ["release", "root", "phase"])
def test_answer_is_bound_to_all_of_the_question(device: Device, name: str) -> None:
    device.ask()
    fields = device.open(device.address()).question("yes")
    assert device.post("/answer", {**fields, name: "restart"}).status == 409
    assert device.answers() == []


@pytest.mark.parametrize("reply", ["", "never", "YES"])
def test_unknown_replies_are_refused(device: Device, reply: str) -> None:
    device.ask()
    page = device.open(device.address())
    assert device.post("/answer", page.question(reply)).status == 400


def test_wrong_methods_and_paths(device: Device) -> None:
    assert device.get("/answer").status == 405
    assert device.get("/v1/status").status == 404
    assert device.post("/", {}).status == 405


def test_too_many_connections_are_closed(device: Device) -> None:
    waiting = [device.connect() for _ in range(MAX_CONNECTIONS)]
    with device.connect() as one_more:
        assert one_more.recv(1) == b""
    for each in waiting:
        each.close()


def test_slow_request_ends(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback_module, "REQUEST_SECONDS", 0.05)
    assert send(device.connect(), b"GET / HT").status == 408


def test_user_of_a_connection(device: Device) -> None:
    with device.connect() as connection:
        assert uid_of(connection.getsockname(), connection.getpeername()) == UID
        with pytest.raises(HttpError, match="of no user"):
            uid_of(("127.0.0.1", 1), connection.getpeername())


def test_user_by_name() -> None:
    assert user_id(pwd.getpwuid(0).pw_name) == 0
    with pytest.raises(UsageError, match="there is no user 'unknown-user'"):
        user_id("unknown-user")
