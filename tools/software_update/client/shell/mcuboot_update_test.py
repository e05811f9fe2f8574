"""Whole updates of a microcontroller with MCUboot, over SMP on loopback."""

from collections.abc import Iterator

import pytest

from software_update.client import events
from software_update.client.boot.mcuboot import McubootBoot
from software_update.client.boot_control import SlotState
from software_update.client.domain import HealthCheck, Place
from software_update.client.installers.mcuboot import McubootInstaller
from software_update.client.mcuboot_slots import KeptSlots
from software_update.client.shell.client import Client
from software_update.client.shell.smp import UdpSmp
from software_update.client.state import Answer, Code, Detail, Reply
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice
from software_update.testing.mcuboot import FakeMcu, hash_of, image
from software_update.testing.smp_server import SmpServer, serve_smp

OLD, NEW = image(b"old"), image(b"new" * 1000, 2)
MANIFEST = b'{"schema": "software_update.release_manifest.v1"}'


@pytest.fixture(name="server")
def server_fixture() -> Iterator[SmpServer]:
    with serve_smp(FakeMcu(OLD)) as server:
        yield server


@pytest.fixture(name="device")
def device_fixture() -> FakeDevice:
    device = FakeDevice()
    device.offer(e.bundle({"user_manifest": MANIFEST, "mcu": NEW}, version=7))
    return device


def started(device: FakeDevice, server: SmpServer, *, health: bool = True) -> Client:
    smp = UdpSmp("127.0.0.1", server.port, timeout=20, settle=0)
    kept = KeptSlots(device.storage, f"{STATE}/mcuboot_main", ["A", "B"])
    domain = device.domain(
        places=[Place(("mcu",), McubootInstaller(smp, kept, "mcu"))],
        boot=McubootBoot(smp, kept),
        health=[] if health else [HealthCheck(("/missing",), 1)],
    )
    client = Client(device.system, STATE, {"main": domain})
    client.start()
    client.run()
    return client


def agree(client: Client) -> None:
    question = client.question()
    assert question is not None
    answer = Answer(question.release, question.root, question.phase, Reply.YES, "alice", 9, None)
    assert client.handle(events.Answered(9, answer))
    client.run()


def check(client: Client) -> None:
    client.check("main")
    client.run()


def test_image_is_uploaded_tested_reset_and_confirmed(
    device: FakeDevice, server: SmpServer
) -> None:
    client = started(device, server)
    check(client)
    assert client.state.detail == Detail.AWAITING_CONSENT
    assert (1, 1) not in server.requests
    agree(client)
    assert (server.mcu.secondary, server.mcu.pending, server.mcu.starts) == (NEW, False, 0)
    agree(client)
    mcu = server.mcu
    assert (mcu.primary, mcu.confirmed, mcu.secondary, mcu.starts) == (NEW, True, OLD, 1)
    assert client.state.domain("main").running == "B"
    assert client.state.result is not None
    assert client.state.result.code == Code.UPDATED


def test_release_that_is_not_healthy_is_reverted(device: FakeDevice, server: SmpServer) -> None:
    client = started(device, server, health=False)
    check(client)
    agree(client)
    agree(client)
    mcu = server.mcu
    assert (mcu.primary, mcu.confirmed, mcu.starts) == (OLD, True, 2)
    assert client.state.result is not None
    assert client.state.result.code == Code.HEALTH_FAILED
    assert client.state.domain("main").running == "A"


def test_image_that_reverts_before_the_commit_is_a_fallback(
    device: FakeDevice, server: SmpServer
) -> None:
    client = started(device, server)
    check(client)
    agree(client)
    # It crashes at once, and MCUboot starts the old one again.
    server.mcu.starts_per_reset = 2
    agree(client)
    assert server.mcu.primary == OLD
    assert client.boot_status()["main"].slots["B"] != SlotState.GOOD
    assert client.state.result is not None
    assert client.state.result.code == Code.FELL_BACK
    assert hash_of(server.mcu.secondary) == hash_of(NEW)
