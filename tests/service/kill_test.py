"""Kills the real service at random moments, while it installs releases on a real file system.

The number of kills is in the environment variable KILLS.
"""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from software_update.base.errors import InputError
from software_update.client.shell.build import build_client, machine
from software_update.client.shell.serve import serve
from software_update.client.state import Detail
from software_update.testing.short_folder import short_folder

from tests.service.killed_service import Device

KILLS = int(os.environ.get("KILLS", "15"))
# A whole update takes about so many seconds.
UPDATE_SECONDS = 0.6


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as made:
        yield made


def test_killed_service_never_starts_half_a_release_and_converges(folder: Path) -> None:
    numbers = random.Random(20261128)
    device = Device(folder)
    details: dict[Detail, int] = {}
    for _ in range(KILLS):
        # A release that is not installed yet is installed after the kill.
        if device.floor == device.version:
            device.offer(device.version + 1)
        device.kill_after(numbers.random() * UPDATE_SECONDS)
        device.check()
        detail = device.state().detail
        details[detail] = details.get(detail, 0) + 1
    device.converge()
    assert device.killed == KILLS + 1
    print({detail.value: count for detail, count in details.items()}, "floor", device.floor)


def test_killed_service_does_not_invent_consent(folder: Path) -> None:
    numbers = random.Random(7)
    device = Device(folder, preset="ask")
    device.offer(1)
    for _ in range(5):
        device.kill_after(numbers.random() * UPDATE_SECONDS)
        device.check()
        assert device.state().answers == ()
        assert device._release_in(folder / "slots" / "B") == 0


def test_second_service_ends_with_one_line_and_the_first_goes_on(folder: Path) -> None:
    device = Device(folder)
    with device.running() as first:
        while not (folder / "socket").exists():
            time.sleep(0.01)
        with pytest.raises(InputError, match=r"another client uses this folder; stop it first$"):
            serve(device.config, machine(), lambda *_: build_client(device.config, machine()), {})
        assert (folder / "socket").exists()
        os.kill(first, 0)
    device.check()
