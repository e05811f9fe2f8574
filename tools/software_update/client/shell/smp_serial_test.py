"""Tests of SMP over a serial line, against a server behind a pseudo-terminal."""

import os
import threading
import tty
from collections.abc import Iterator
from dataclasses import dataclass, field

import cbor2
import pytest

from software_update.client.shell.smp_serial import SerialSmp
from software_update.client.smp import ConsentNeeded, DeviceQuestion, SmpError
from software_update.client.smp_frame import FrameReader, lines_of
from software_update.testing.mcuboot import FakeMcu, hash_of, image
from software_update.testing.smp_server import SmpServer

OLD, NEW = image(b"old"), image(b"new" * 1000)
RELEASE, ROOT = bytes(32), bytes([1] * 32)
HEADER_BYTES = 8


@dataclass
class Device:
    """A server, its line, and the bytes that it sends before each answer."""

    server: SmpServer
    path: str
    noise: bytes = b""
    ignored: int = 0
    answers: dict[tuple[int, int], dict[str, object]] = field(default_factory=dict)
    written: list[dict[str, object]] = field(default_factory=list)

    def answer(self, packet: bytes) -> bytes:
        """Returns the answer of the server, or one of `answers` by group and command."""
        found = self.answers.get((packet[5], packet[7]))
        if found is None:
            return self.server.answer(packet)
        self.written.append(cbor2.loads(packet[HEADER_BYTES:]))
        content: bytes = cbor2.dumps(found)
        head = bytes([packet[0] + 1, 0, *len(content).to_bytes(2, "big")])
        return head + packet[4:HEADER_BYTES] + content


@pytest.fixture(name="device")
def device_fixture() -> Iterator[Device]:
    main, line = os.openpty()
    tty.setraw(line)
    device = Device(SmpServer(FakeMcu(OLD), 0), os.ttyname(line))
    stop, stopped = os.pipe()

    def run() -> None:
        reader = FrameReader()
        while received := os.read(main, 4096):
            if received == b"end":
                return
            for packet in reader.packets(received):
                if device.ignored:
                    device.ignored -= 1
                    continue
                os.write(main, device.noise + lines_of(device.answer(packet)))

    thread = threading.Thread(target=run)
    thread.start()
    yield device
    os.write(line, b"end")
    thread.join()
    for each in (main, line, stop, stopped):
        os.close(each)


def smp_of(device: Device, timeout: float = 20) -> SerialSmp:
    return SerialSmp(device.path, timeout=timeout, restart_timeout=0, settle=0)


def test_image_is_uploaded_tested_and_confirmed(device: Device) -> None:
    smp, new = smp_of(device), hash_of(NEW)
    device.noise = b"[00:01] <inf> uart: one line of a log\r\n\x06\x09AAAA"
    smp.upload(0, NEW)
    assert device.server.mcu.secondary == NEW
    smp.test(new)
    smp.reset()
    smp.confirm(new)
    assert [(each.hash, each.confirmed) for each in smp.images()] == [
        (new, True),
        (hash_of(OLD), False),
    ]


def test_requests_fit_into_the_buffer_of_the_device(device: Device) -> None:
    device.answers[0, 6] = {"buf_size": 128, "buf_count": 1}
    smp_of(device).upload(0, NEW)
    lengths = [len(each) for each in device.server.datagrams]
    assert max(lengths) + 4 <= 128
    assert device.server.mcu.secondary == NEW


def test_lost_answers_are_asked_for_again(device: Device) -> None:
    device.ignored = 2
    smp_of(device, 0.2).images()
    device.ignored = 3
    with pytest.raises(SmpError, match=r"SMP device /dev/\S+: does not answer within 0\.1 s"):
        smp_of(device, 0.1).images()


def test_question_is_read_and_approved(device: Device) -> None:
    smp, question = smp_of(device), DeviceQuestion(RELEASE, ROOT, 2)
    device.answers[65, 0] = {"state": 2, "release": RELEASE, "root": ROOT, "phase": 2}
    device.answers[65, 1] = {}
    assert smp.question() == question
    smp.approve(question)
    assert device.written[-1] == {"release": RELEASE, "root": ROOT, "phase": 2}
    device.answers[65, 0] = {"state": 0}
    assert smp.question() is None


@pytest.mark.parametrize(
    ("answer", "error", "problem"),
    [
        ({"rc": 11, "rsn": "waits for consent"}, ConsentNeeded, r"denies .* \(waits for consent\)"),
        ({"rc": 9, "rsn": "HASH_MISMATCH"}, SmpError, r"with error 9 \(HASH_MISMATCH\)"),
        ({"rc": 9, "rsn": 7}, SmpError, r"with error 9$"),
    ],
    ids=["consent", "reason", "no text"],
)
def test_reason_of_the_device_is_in_the_error(
    device: Device, answer: dict[str, object], error: type[SmpError], problem: str
) -> None:
    device.answers[1, 1] = answer
    with pytest.raises(error, match=problem):
        smp_of(device).upload(0, NEW)


def test_line_that_cannot_be_used_is_named(device: Device, tmp_path: object) -> None:
    with pytest.raises(SmpError, match="/missing: cannot be reached"):
        SerialSmp("/missing").images()
    with pytest.raises(SmpError, match="/dev/null: is not a serial line"):
        SerialSmp("/dev/null").images()
    with pytest.raises(SmpError, match="17 bits a second is not a speed; correct `baud`"):
        SerialSmp(device.path, 17).images()
