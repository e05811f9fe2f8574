"""A device that takes its update from goosebit, a server of hawkBit's API that we have not written."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from software_update.client import events
from software_update.client.shell.client import Client
from software_update.client.shell.mailers import mailers_of
from software_update.client.shell.network import UrllibNetwork
from software_update.client.sources.ddi import DdiSettings, DdiSource
from software_update.client.state import Answer, Code, Detail, Reply
from software_update.client.system import System
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice

APP = b"application\n" * 100_000
MANIFEST = b'{"schema": "software_update.release_manifest.v1"}'
BUNDLE = e.bundle({"user_manifest": MANIFEST, "app": APP, "boot": b"bootloader\n"}, version=7)
# goosebit's states of a device.
REGISTERED, RUNNING, ERROR, FINISHED = 2, 3, 4, 5


class Server:
    """goosebit, with a bundle that it rolls out to all devices."""

    def __init__(self, folder: Path) -> None:
        self.bundle = folder / "lamp.bundle"
        self.bundle.write_bytes(BUNDLE)
        self._database = folder / "goosebit.sqlite3"
        self._errors = (folder / "errors").open("wb")
        self.process = subprocess.Popen(
            [os.environ["GOOSEBIT"], str(folder), str(self.bundle), "2.0"],
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self.process.stdout is not None
        port = self.process.stdout.readline().strip()
        assert port, (folder / "errors").read_text()
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()
        self._errors.close()

    def device(self, name: str, column: str) -> object:
        """Returns what goosebit knows of a device."""
        with closing(sqlite3.connect(self._database)) as database:
            [found] = database.execute(f"SELECT {column} FROM device WHERE id = ?", (name,))
        return found[0]


@pytest.fixture(name="server", scope="module")
def server_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("goosebit"))
    try:
        yield server
    finally:
        server.stop()


class Lamp:
    """A device with this server, whose messages a thread sends."""

    def __init__(self, server: Server, name: str) -> None:
        self.name = name
        self.device = FakeDevice()
        self.device.storage.put("/etc/id", name.encode())
        self.device.storage.put("/etc/token", b"TargetToken s3cret\n")
        self.server = server
        self.start()

    def start(self) -> None:
        device = self.device
        system = System(device.storage, device.programs, device.clock, UrllibNetwork())
        settings = DdiSettings(
            self.server.url,
            "/etc/id",
            token_file="/etc/token",
            attributes={"hw_boardname": "default", "sw_version": "1.0"},
        )
        self.source = DdiSource(system, time.sleep, settings)
        domains = {"main": device.domain(sources=[self.source])}
        self.client = Client(system, STATE, domains)
        self.client.start()
        [self.mailer] = mailers_of(domains, system, STATE)
        self.client.run()

    def restart(self) -> None:
        """Starts the device again, when its messages have arrived: a second thread would overtake them."""
        until(lambda: not self.mailer._waiting)
        self.mailer.stop()
        self.device.boot.start()
        self.start()

    def check(self) -> None:
        self.client.check("main")
        self.client.run()

    def agree(self) -> None:
        question = self.client.question()
        assert question is not None
        answer = Answer(
            question.release, question.root, question.phase, Reply.YES, "alice", 9, None
        )
        assert self.client.handle(events.Answered(9, answer))
        self.client.run()

    def known(self, column: str) -> object:
        """Returns what goosebit knows of the device."""
        return self.server.device(self.name, column)

    @property
    def code(self) -> Code | None:
        result = self.client.state.result
        return result.code if result else None


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def registered(server: Server, name: str) -> Lamp:
    """Returns a device that has polled, and sent its attributes."""
    lamp = Lamp(server, name)
    lamp.check()
    assert lamp.code == Code.NOTHING_OFFERED
    # goosebit asks a new device to come back after ten seconds.
    assert lamp.source.interval == 300
    until(lambda: lamp.known("last_state") == REGISTERED)
    return lamp


def test_device_registers_and_updates(server: Server) -> None:
    lamp = registered(server, "lamp-1")
    assert (lamp.known("auth_token"), lamp.known("sw_version")) == ("s3cret", "1.0")
    lamp.check()
    # goosebit calls each deployment forced, and the device asks nevertheless.
    assert lamp.client.state.detail == Detail.AWAITING_CONSENT
    assert lamp.source.interval == 86400
    assert lamp.known("last_state") == REGISTERED
    lamp.agree()
    until(lambda: lamp.known("last_state") == RUNNING)
    lamp.agree()
    lamp.restart()
    assert lamp.code == Code.UPDATED
    until(lambda: "UPDATED: main 7 is installed" in str(lamp.known("last_log")))
    assert (lamp.known("last_state"), lamp.known("sw_version")) == (FINISHED, "2.0")
    lamp.check()
    assert lamp.source.offer == ""


def test_failure_ends_the_deployment(server: Server) -> None:
    server.bundle.write_bytes(BUNDLE[:-1] + b"x")
    lamp = registered(server, "lamp-2")
    lamp.check()
    lamp.agree()
    assert lamp.code == Code.REFUSED
    until(lambda: "REFUSED: " in str(lamp.known("last_log")))
    assert lamp.known("last_state") == ERROR
    lamp.check()
    assert lamp.source.offer == ""
