"""Tests of the whole service in one process: signals, systemd's socket, reports."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from software_update.base.errors import InputError
from software_update.client.config import Approvers, CheckConfig, Config, ReportConfig
from software_update.client.shell.client import Client
from software_update.client.shell.network import UrllibNetwork
from software_update.client.shell.serve import serve
from software_update.client.shell.service import MakeClient
from software_update.client.sources.ddi import DdiSettings, DdiSource
from software_update.client.system import ProgramResult
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice
from software_update.testing.fake_hawkbit import DEVICE, TOKEN, hawkbit
from software_update.testing.short_folder import short_folder

CONTENTS = {"app": b"application\n", "boot": b"bootloader\n"}
TIMES = CheckConfig(6 * 3600, 60, 3600)


@pytest.fixture(name="folder")
def folder_fixture() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture
def manager(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(folder / "notify"))
        made.settimeout(20)
        yield made


@pytest.fixture
def config(folder: Path) -> Config:
    return Config(
        vendor="Example",
        hardware_id="board-2",
        state=STATE,
        language="en",
        domains=(),
        check=TIMES,
        approvers=Approvers(frozenset(), frozenset()),
        report=None,
        socket=str(folder / "client.sock"),
    )


def maker(device: FakeDevice, **changes: object) -> MakeClient:
    domains = {"main": device.domain(**changes)}  # type: ignore[arg-type]
    return lambda on_change, on_progress: Client(
        device.system, STATE, domains, on_change, on_progress, TIMES
    )


def serve_until_ready(
    config: Config, device: FakeDevice, manager: socket.socket, then: Callable[[], None]
) -> list[bytes]:
    """Serves until READY, calls `then` in another thread, and ends with SIGTERM. Returns the messages."""
    messages: list[bytes] = []

    def act() -> None:
        while not messages or messages[-1] != b"READY=1":
            messages.append(manager.recv(4096))
        try:
            then()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=act)
    handlers = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    thread.start()
    try:
        serve(config, device.system, maker(device), {"NOTIFY_SOCKET": manager.getsockname()})
    finally:
        thread.join(20)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    while not messages[-1].startswith(b"STOPPING"):
        messages.append(manager.recv(4096))
    return messages


def check(config: Config) -> bytes:
    """Makes the service look for a release. Returns its answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(20)
        connection.connect(config.socket)
        connection.sendall(b"POST /v1/check HTTP/1.1\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_service_is_ready_when_its_socket_is_and_ends_with_sigterm(
    config: Config, manager: socket.socket
) -> None:
    answers: list[Any] = []
    device = FakeDevice()
    device.offer(e.bundle(CONTENTS, version=7))
    messages = serve_until_ready(config, device, manager, lambda: answers.append(check(config)))
    assert json.loads(answers[0].partition(b"\r\n\r\n")[2])["detail"] == "AwaitingConsent"
    assert messages[:2] == [b"STATUS=Idle", b"READY=1"]
    assert b"WATCHDOG=1" in messages
    assert b"STATUS=AwaitingConsent" in messages
    assert not os.path.exists(config.socket)


def test_result_that_was_not_reported_is_reported_after_a_restart(
    config: Config, manager: socket.socket
) -> None:
    device = FakeDevice()
    reported: list[Any] = []
    told = threading.Event()

    def program(argv: object, stdin: bytes) -> ProgramResult:
        reported.append(json.loads(stdin))
        told.set()
        return ProgramResult(0, b"", b"")

    device.programs.programs["report"] = program
    device.offer(e.bundle(CONTENTS, version=7, signers=[e.STRANGER]))
    client = maker(device)(lambda _: None, lambda _: None)
    client.start()
    client.check("main")
    config = replace(config, report=ReportConfig(("/bin/report",), None, 5))
    serve_until_ready(config, device, manager, lambda: assert_set(told))
    assert [each["code"] for each in reported] == ["REFUSED"]
    assert reported[0]["hardware_id"] == "board-2"
    serve_until_ready(config, device, manager, lambda: None)
    assert len(reported) == 1


def test_service_sends_the_messages_of_sources(config: Config, manager: socket.socket) -> None:
    device = FakeDevice()
    device.storage.put("/etc/id", DEVICE.encode())
    device.storage.put("/etc/token", TOKEN.encode())
    with hawkbit(e.bundle(CONTENTS, version=7)) as server:
        server.wants_configuration = True
        system = replace(device.system, network=UrllibNetwork())
        settings = DdiSettings(server.url, "/etc/id", token_file="/etc/token")
        device.source = DdiSource(system, device.clock.advance, settings)  # type: ignore[assignment]

        def check_and_wait() -> None:
            check(config)
            deadline = time.monotonic() + 20
            while not server.received and time.monotonic() < deadline:
                time.sleep(0.01)

        serve_until_ready(config, device, manager, check_and_wait)
        assert [resource for resource, _ in server.received] == ["configData"]


def assert_set(event: threading.Event) -> None:
    assert event.wait(20)


def test_report_that_fails_changes_no_outcome(config: Config, manager: socket.socket) -> None:
    device = FakeDevice()
    told = threading.Event()

    def program(argv: object, stdin: bytes) -> ProgramResult:
        told.set()
        raise OSError("no such program")

    device.programs.programs["report"] = program
    client = maker(device)(lambda _: None, lambda _: None)
    client.start()
    device.offer(e.bundle(CONTENTS, version=7, signers=[e.STRANGER]))
    client.check("main")
    before = client.state
    config = replace(config, report=ReportConfig(("/bin/report",), None, 5))
    serve_until_ready(config, device, manager, lambda: assert_set(told))
    client = maker(device)(lambda _: None, lambda _: None)
    client.start()
    assert (client.state.result, client.state.detail) == (before.result, before.detail)


def test_second_service_leaves_the_socket_of_the_first(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = FakeDevice()
    Path(config.socket).touch()
    monkeypatch.setattr(device.storage, "lock", lambda path: False)
    with pytest.raises(InputError, match="another client uses this folder; stop it first"):
        serve(config, device.system, maker(device), {})
    assert os.path.exists(config.socket)
