"""Tests of the messages to systemd, with a socket in its place."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from software_update.client.shell.notify import Notifier
from software_update.testing.short_folder import short_folder


@pytest.fixture(name="folder")
def folder_fixture() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


@pytest.fixture
def manager(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(folder / "notify"))
        made.settimeout(5)
        yield made


def test_variables_are_lines_of_one_datagram(manager: socket.socket) -> None:
    Notifier({"NOTIFY_SOCKET": manager.getsockname()}).send(READY=1, STATUS="Idle\nnow")
    assert manager.recv(4096) == b"READY=1\nSTATUS=Idle"


def test_name_with_at_is_in_the_abstract_namespace() -> None:
    name = f"software-update-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(f"\0{name}")
        made.settimeout(5)
        Notifier({"NOTIFY_SOCKET": f"@{name}"}).send(WATCHDOG=1)
        assert made.recv(4096) == b"WATCHDOG=1"


def test_manager_that_does_not_listen_changes_nothing(folder: Path) -> None:
    Notifier({"NOTIFY_SOCKET": str(folder / "none")}).send(READY=1)
    Notifier({}).send(READY=1)


def test_watchdog_has_its_time_from_the_environment() -> None:
    place = {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "1500000"}
    assert Notifier(place).watchdog_seconds == 1.5
    assert Notifier({**place, "WATCHDOG_PID": str(os.getpid())}).watchdog_seconds == 1.5


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"NOTIFY_SOCKET": "/run/notify"},
        {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "none"},
        {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "0"},
        {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "1500000"},
    ],
)
def test_there_is_no_watchdog_unless_systemd_asks_this_process_for_it(
    environment: dict[str, str],
) -> None:
    assert Notifier(environment).watchdog_seconds is None
