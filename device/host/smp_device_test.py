"""Updates of a device over SMP: by smpclient, which is not ours, and by the client of a gateway."""

from __future__ import annotations

import asyncio
import binascii
import hashlib
import os
import random
import select
import subprocess
import sys
import tty
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

# smp imports it for this one function, and it has no wheels.
_crc = types.ModuleType("crcmod.predefined")
_crc.mkPredefinedCrcFun = lambda name: lambda content: binascii.crc_hqx(content, 0)  # type: ignore[attr-defined]
sys.modules.setdefault("crcmod", types.ModuleType("crcmod"))
sys.modules.setdefault("crcmod.predefined", _crc)

import smp.packet  # noqa: E402
from smpclient import SMPClient  # noqa: E402
from smpclient.exceptions import SMPUploadError  # noqa: E402
from smpclient.generics import success  # noqa: E402
from smpclient.requests.image_management import (  # noqa: E402
    ImageErase,
    ImageStatesRead,
    ImageStatesWrite,
)
from smpclient.requests.os_management import EchoWrite, MCUMgrParametersRead, ResetWrite  # noqa: E402
from software_update.client import events  # noqa: E402
from software_update.client.boot.mcuboot import McubootBoot  # noqa: E402
from software_update.client.bundle_digest import bundle_digest  # noqa: E402
from software_update.client.consenting_smp import ConsentingSmp  # noqa: E402
from software_update.client.domain import HealthCheck, Place  # noqa: E402
from software_update.client.installers.microcontroller import MicrocontrollerInstaller  # noqa: E402
from software_update.client.mcuboot_slots import KeptSlots  # noqa: E402
from software_update.client.shell.client import Client  # noqa: E402
from software_update.client.shell.smp_serial import SerialSmp  # noqa: E402
from software_update.client.smp import ConsentNeeded, Smp, SmpError  # noqa: E402
from software_update.client.state import Answer, Code, Reply  # noqa: E402
from software_update.testing import encode as e  # noqa: E402
from software_update.testing.fake_device import STATE, FakeDevice  # noqa: E402

PROGRAM = os.environ["SMP_DEVICE"]
FACTORY = bytes(32)
DOWNLOAD, RESTART = 0, 2


def firmware(version: int, *more: str, size: int = 5000) -> bytes:
    """Returns the bundle of a release with the target `app`, and `more` targets."""
    content = random.Random(version).randbytes(size)
    return e.bundle({"app": content, **dict.fromkeys(more, b"x")}, version=version)


SEVEN, EIGHT = firmware(7), firmware(8)


@dataclass
class Device:
    """The program, and the path of its line."""

    process: subprocess.Popen[str]
    path: str

    def press(self, button: str) -> None:
        """Presses a button, and returns when the device has seen it."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{button}\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ok\n"

    def smp(self, timeout: float = 20) -> SerialSmp:
        return SerialSmp(self.path, timeout=timeout, restart_timeout=20, settle=0)

    def gateway(self) -> ConsentingSmp:
        return ConsentingSmp(self.smp(), bundle_digest)


@pytest.fixture(name="device")
def device_fixture(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Device]:
    root = tmp_path / "root.pb"
    root.write_bytes(e.signed(e.root(), e.ROOT_KEY))
    consent = getattr(request, "param", "forward")
    arguments = [PROGRAM, str(root), "lamp", "app", consent]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        yield Device(process, process.stdout.readline().strip())
        process.stdin.close()
        assert process.wait() == 0


def flags(smp: Smp) -> list[tuple[bytes, bool, bool, bool]]:
    """Returns the releases of a device, and whether each is active, pending and confirmed."""
    return [(each.hash, each.active, each.pending, each.confirmed) for each in smp.images()]


def update(smp: Smp, bundle: bytes) -> None:
    """Updates a device from the upload to the confirmation."""
    smp.upload(0, bundle)
    smp.test(bundle_digest(bundle))
    smp.reset()
    smp.confirm(bundle_digest(bundle))


# By the parts of a gateway.


def test_release_is_uploaded_tested_and_confirmed(device: Device) -> None:
    smp, seven, eight = device.gateway(), bundle_digest(SEVEN), bundle_digest(EIGHT)
    assert flags(smp) == [(FACTORY, True, False, True)]
    update(smp, SEVEN)
    assert flags(smp) == [(seven, True, False, True)]
    smp.upload(0, EIGHT)
    assert flags(smp) == [(seven, True, False, True), (eight, False, False, False)]
    smp.test(eight)
    smp.test(eight)
    assert flags(smp) == [(seven, True, False, True), (eight, False, True, False)]
    smp.reset()
    assert flags(smp) == [(eight, True, False, False), (seven, False, False, True)]
    smp.confirm(eight)
    smp.confirm(eight)
    assert flags(smp) == [(eight, True, False, True)]


def test_reset_without_a_confirmation_goes_back(device: Device) -> None:
    smp = device.gateway()
    update(smp, SEVEN)
    smp.upload(0, EIGHT)
    smp.test(bundle_digest(EIGHT))
    smp.reset()
    smp.reset()
    assert flags(smp) == [(bundle_digest(SEVEN), True, False, True)]
    # It can be tried again.
    update(smp, EIGHT)
    assert flags(smp) == [(bundle_digest(EIGHT), True, False, True)]


def test_release_that_is_installed_again_keeps_its_first_root(device: Device) -> None:
    """Otherwise versions would not start again after a rotation that removes stolen keys."""
    smp = device.gateway()
    update(smp, firmware(9))
    second_root = e.signed(e.root(2, [101], [201]), e.ROOT_KEY, 101)
    for version in (9, 8):
        content = {"app": random.Random(version).randbytes(5000)}
        bundle = e.bundle(content, version=version, signed_root=second_root, signers=[201])
        update(smp, bundle)
        assert flags(smp) == [(bundle_digest(bundle), True, False, True)]


def test_staged_release_is_erased(device: Device) -> None:
    smp = device.gateway()
    smp.upload(0, SEVEN)
    smp.test(bundle_digest(SEVEN))
    smp.erase()
    smp.erase()
    assert flags(smp) == [(FACTORY, True, False, True)]
    with pytest.raises(SmpError, match="error 5"):
        smp.test(bundle_digest(SEVEN))
    smp.reset()
    assert flags(smp) == [(FACTORY, True, False, True)]


def changed(bundle: bytes) -> bytes:
    """Returns the bundle with one other bit in its last payload."""
    return bundle[:-1] + bytes([bundle[-1] ^ 1])


@pytest.mark.parametrize(
    ("bundle", "problem"),
    [
        (changed(EIGHT), r"error 9 \(HASH_MISMATCH\)"),
        (firmware(6), r"error 9 \(TARGETS_ROLLBACK\)"),
        (firmware(8, size=200_000), r"error 7 \(target is longer than its slot\)"),
        (firmware(8, "radio"), r"error 9 \(lists a target without a slot\)"),
        (e.bundle({"radio": b"x"}, version=8), r"error 9 \(lacks a target that has a slot\)"),
        (
            firmware(8, "t1", "t2", "t3", "t4", "t5"),
            r"error 7 \(beyond this device\)",
        ),
    ],
    ids=["changed", "older", "long", "unknown target", "missing target", "many targets"],
)
def test_reason_of_a_rejected_bundle_is_named(device: Device, bundle: bytes, problem: str) -> None:
    smp = device.gateway()
    update(smp, SEVEN)
    with pytest.raises(SmpError, match=problem):
        smp.upload(0, bundle)
    assert flags(smp) == [(bundle_digest(SEVEN), True, False, True)]
    update(smp, EIGHT)
    assert flags(smp) == [(bundle_digest(EIGHT), True, False, True)]


def test_device_asks_before_the_download_and_the_restart(device: Device) -> None:
    smp = device.smp()
    root = hashlib.sha256(e.root()).digest()
    actions: list[tuple[int, Callable[[], None]]] = [
        (DOWNLOAD, lambda: smp.upload(0, SEVEN)),
        (RESTART, lambda: smp.test(bundle_digest(SEVEN))),
    ]
    for phase, action in actions:
        with pytest.raises(ConsentNeeded, match="waits for consent"):
            action()
        question = smp.question()
        assert question is not None
        assert (question.release, question.root, question.phase) == (
            bundle_digest(SEVEN),
            root,
            phase,
        )
        for other in (
            type(question)(FACTORY, question.root, phase),
            type(question)(question.release, FACTORY, phase),
            type(question)(question.release, question.root, 1),
        ):
            with pytest.raises(SmpError, match="error 6"):
                smp.approve(other)
        smp.approve(question)
        assert smp.question() is None
        action()
    assert flags(smp)[1] == (bundle_digest(SEVEN), False, True, False)


def upload(smp: SerialSmp, **values: object) -> object:
    """Sends one request of an upload, and returns the byte that the device wants next."""
    return smp._ask(2, 1, 1, values).get("off")  # type: ignore[arg-type]


def test_requests_of_an_upload_are_repeated_changed_or_too_long(device: Device) -> None:
    smp, digest = device.smp(), hashlib.sha256(SEVEN).digest()
    first = {"off": 0, "len": len(SEVEN), "sha": digest, "data": SEVEN[:100]}
    assert upload(smp, **first) == 100
    assert upload(smp, **first) == 100
    assert upload(smp, **{**first, "len": len(SEVEN) + 1, "data": b""}) == 0
    assert upload(smp, **first) == 100
    assert upload(smp, **{**first, "sha": FACTORY, "data": b""}) == 0
    with pytest.raises(SmpError, match="error 3"):
        upload(smp, off=0, len=10, data=SEVEN[:11])
    device.gateway().upload(0, SEVEN)
    last = {"off": len(SEVEN) - 1, "data": SEVEN[-1:]}
    assert upload(smp, **last) == len(SEVEN)
    gateway = device.gateway()
    gateway.test(bundle_digest(SEVEN))
    gateway.reset()
    with pytest.raises(SmpError, match="error 5"):
        gateway.confirm(FACTORY)
    assert flags(gateway)[0] == (bundle_digest(SEVEN), True, False, False)


@pytest.mark.parametrize("device", ["device"], indirect=True)
def test_device_that_insists_takes_only_its_own_button(device: Device) -> None:
    smp = device.gateway()
    with pytest.raises(ConsentNeeded, match="agree on the device"):
        smp.upload(0, SEVEN)
    device.press("yes")
    # The upload continues with the next byte.
    smp.upload(0, SEVEN)
    device.press("yes")
    smp.test(bundle_digest(SEVEN))
    smp.reset()
    assert flags(smp)[0] == (bundle_digest(SEVEN), True, False, False)


def test_upload_begins_again_after_a_power_cut(device: Device) -> None:
    smp = device.smp()
    with pytest.raises(ConsentNeeded):
        smp.upload(0, SEVEN)
    device.press("cut")
    update(device.gateway(), SEVEN)
    # Consent was given before the cut, and it still holds.
    device.gateway().upload(0, EIGHT)
    device.press("cut")
    device.smp().upload(0, EIGHT)
    assert flags(smp) == [
        (bundle_digest(SEVEN), True, False, True),
        (bundle_digest(EIGHT), False, False, False),
    ]


def test_trial_survives_power_cuts_until_its_starts_are_used_up(device: Device) -> None:
    smp = device.gateway()
    update(smp, SEVEN)
    smp.upload(0, EIGHT)
    smp.test(bundle_digest(EIGHT))
    for _ in range(3):
        device.press("cut")
        assert flags(smp)[0] == (bundle_digest(EIGHT), True, False, False)
    device.press("cut")
    assert flags(smp) == [(bundle_digest(SEVEN), True, False, True)]


# By the client of a gateway.


def agree(client: Client) -> None:
    question = client.question()
    assert question is not None
    answer = Answer(question.release, question.root, question.phase, Reply.YES, "alice", 9, None)
    assert client.handle(events.Answered(9, answer))
    client.run()


@pytest.mark.parametrize("healthy", [True, False])
def test_gateway_updates_its_microcontroller(device: Device, healthy: bool) -> None:
    smp = device.gateway()
    update(smp, SEVEN)
    gateway = FakeDevice()
    gateway.offer(e.bundle({"meter.bundle": EIGHT}, version=3))
    kept = KeptSlots(gateway.storage, f"{STATE}/microcontroller_main", ["A", "B"])
    domain = gateway.domain(
        places=[Place(("meter.bundle",), MicrocontrollerInstaller(smp, kept, "meter.bundle"))],
        boot=McubootBoot(smp, kept),
        health=[] if healthy else [HealthCheck(("/missing",), 1)],
    )
    client = Client(gateway.system, STATE, {"main": domain})
    client.start()
    client.run()
    client.check("main")
    client.run()
    assert flags(smp) == [(bundle_digest(SEVEN), True, False, True)]
    agree(client)
    assert flags(smp)[1] == (bundle_digest(EIGHT), False, False, False)
    agree(client)
    assert client.state.result is not None
    if healthy:
        assert client.state.result.code == Code.UPDATED
        assert flags(smp) == [(bundle_digest(EIGHT), True, False, True)]
        assert client.state.domain("main").running == "B"
    else:
        assert client.state.result.code == Code.HEALTH_FAILED
        assert flags(smp) == [(bundle_digest(SEVEN), True, False, True)]


# By smpclient.


class Line:
    """A serial line for smpclient, whose own needs pyserial. The framing is that of smp."""

    def __init__(self, path: str, line_length: int = 128) -> None:
        self._path = path
        self._line_length = line_length
        self._file = -1

    async def connect(self, address: str, timeout_s: float) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._file)

    async def disconnect(self) -> None:
        os.close(self._file)

    def initialize(self, *unused: object) -> None:
        """Does nothing: the size of requests is fixed."""

    async def send(self, data: bytes) -> None:
        for line in smp.packet.encode(data, self._line_length):
            os.write(self._file, line)

    async def receive(self) -> bytes:
        decoder = smp.packet.decode()
        next(decoder)
        with os.fdopen(os.dup(self._file), "rb", buffering=0) as file:
            while True:
                assert select.select([file], [], [], 20)[0]
                try:
                    decoder.send(file.readline())
                except StopIteration as done:
                    return bytes(done.value)

    async def send_and_receive(self, data: bytes) -> bytes:
        await self.send(data)
        return await self.receive()

    @property
    def mtu(self) -> int:
        return 508

    @property
    def max_unencoded_size(self) -> int:
        return 508


async def update_with_smpclient(device: Device) -> None:
    digest = bundle_digest(SEVEN)
    client = SMPClient(Line(device.path), device.path, 20)
    await client.connect()
    echo = await client.request(EchoWrite(d="hello"))
    assert success(echo) and echo.r == "hello"
    parameters = await client.request(MCUMgrParametersRead())
    assert success(parameters) and (parameters.buf_size, parameters.buf_count) == (512, 1)
    with pytest.raises(SMPUploadError, match="waits for consent"):
        async for _ in client.upload(SEVEN):
            pass
    device.press("yes")
    assert [each async for each in client.upload(SEVEN)][-1] == len(SEVEN)
    assert success(await client.request(ImageErase()))
    assert [each async for each in client.upload(SEVEN)][-1] == len(SEVEN)
    device.press("yes")
    assert success(await client.request(ImageStatesWrite(hash=digest)))
    assert success(await client.request(ResetWrite()))
    tried = await client.request(ImageStatesRead())
    assert success(tried)
    assert [(each.version, each.hash, each.confirmed) for each in tried.images] == [
        ("7", digest, False),
        ("0", FACTORY, True),
    ]
    confirmed = await client.request(ImageStatesWrite(confirm=True))
    assert success(confirmed) and confirmed.images[0].confirmed
    await client.disconnect()


@pytest.mark.parametrize("device", ["device"], indirect=True)
def test_smpclient_updates_the_device(device: Device) -> None:
    asyncio.run(update_with_smpclient(device))


# By someone hostile.


def test_hostile_bytes_do_not_stop_the_device(device: Device) -> None:
    source = random.Random(3)
    good = smp.packet.encode(bytes(ImageStatesRead()), 128)
    requests = [b"".join(good)]
    for group, command, operation in ((1, 1, 2), (1, 0, 2), (65, 1, 2), (0, 0, 2), (1, 5, 0)):
        for body in (b"\xa0", b"\xa1\x63off\x00", b"\xa2\x63off\x00\x64data\x41\x00", b"\x80", b""):
            head = bytes([operation, 0, 0, len(body), 0, group, 9, command])
            requests.append(b"".join(smp.packet.encode(head + body, 128)))
    line = os.open(device.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    for _ in range(2000):
        request = bytearray(source.choice(requests))
        for _ in range(source.randrange(3)):
            request[source.randrange(len(request))] = source.randrange(256)
        while not select.select([], [line], [], 20)[1]:
            pass
        os.write(line, request)
        while select.select([line], [], [], 0)[0]:
            os.read(line, 4096)
    os.close(line)
    smp_of = device.gateway()
    update(smp_of, SEVEN)
    assert flags(smp_of) == [(bundle_digest(SEVEN), True, False, True)]
