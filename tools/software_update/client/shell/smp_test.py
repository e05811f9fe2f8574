"""Tests of SMP over UDP, against a server on loopback."""

import socket
from collections.abc import Callable, Iterator

import pytest

from software_update.client.shell.smp import UdpSmp
from software_update.client.smp import SmpError
from software_update.testing.mcuboot import FakeMcu, hash_of, image
from software_update.testing.smp_server import SmpServer, serve_smp

OLD, NEW = image(b"old"), image(b"new" * 1000)
HEADER_BYTES = 8


@pytest.fixture(name="server")
def server_fixture() -> Iterator[SmpServer]:
    with serve_smp(FakeMcu(OLD)) as server:
        yield server


def device(server: SmpServer, timeout: float = 20) -> UdpSmp:
    return UdpSmp("127.0.0.1", server.port, timeout=timeout, restart_timeout=0, settle=0)


def flags(smp: UdpSmp) -> list[tuple[bytes, bool, bool, bool]]:
    return [(each.hash, each.active, each.pending, each.confirmed) for each in smp.images()]


def test_image_is_uploaded_tested_and_confirmed(server: SmpServer) -> None:
    smp, old, new = device(server), hash_of(OLD), hash_of(NEW)
    assert flags(smp) == [(old, True, False, True)]
    smp.upload(0, NEW)
    assert server.mcu.secondary == NEW
    smp.test(new)
    assert flags(smp) == [(old, True, False, True), (new, False, True, False)]
    smp.reset()
    assert flags(smp) == [(new, True, False, False), (old, False, False, True)]
    smp.confirm(new)
    smp.erase()
    assert flags(smp) == [(new, True, False, True)]
    assert server.mcu.starts == 1


def dropping(numbers: set[int]) -> Callable[[bytes], bytes]:
    count = iter(range(1000))
    return lambda datagram: b"" if next(count) in numbers else datagram


def test_lost_answers_are_asked_for_again(server: SmpServer) -> None:
    server.change = dropping({0, 1, 3})
    smp = device(server, timeout=0.2)
    smp.images()
    smp.upload(0, NEW)
    assert server.mcu.secondary == NEW


def test_lost_answer_to_a_reset_starts_the_device_once(server: SmpServer) -> None:
    server.change = dropping({0})
    device(server, timeout=0.2).reset()
    assert server.mcu.starts == 1


def test_other_datagrams_are_ignored(server: SmpServer) -> None:
    # Three answers to the same request: only the one with its sequence number counts.
    smp = device(server, timeout=0.2)
    server.change = lambda datagram: datagram[:6] + bytes([datagram[6] ^ 1]) + datagram[7:]
    with pytest.raises(SmpError, match=r"does not answer within 0\.2 s"):
        smp.images()
    server.change = lambda datagram: datagram[:5]
    with pytest.raises(SmpError, match="does not answer"):
        smp.images()


def answer(content: str) -> Callable[[bytes], bytes]:
    body = bytes.fromhex(content)
    size = len(body).to_bytes(2, "big")
    return lambda datagram: datagram[:2] + size + datagram[4:HEADER_BYTES] + body


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a162726306", "rejects command 0 of group 1 with error 6"),
        ("a16365727 2a26567726f757001627263181b", "rejects command 0 of group 1 with error 27"),
        ("a162726308", "does not support command 0 of group 1; enable it"),
        ("01", "sent an answer that is not a map"),
        ("a1", "sent an answer that is not CBOR"),
        ("a0", "lists no images"),
        ("a166696d6167657381a0", "lists an image without slot or hash"),
    ],
)
def test_bad_answers_are_one_line(server: SmpServer, content: str, problem: str) -> None:
    server.change = answer(content.replace(" ", ""))
    with pytest.raises(SmpError) as caught:
        device(server).images()
    assert str(caught.value) == f"SMP device 127.0.0.1:{server.port}: {problem}"


@pytest.mark.parametrize("wanted", ["a1636f666600", "a1636f6666191388", "a0"])
def test_upload_does_not_go_back_or_beyond_the_end(server: SmpServer, wanted: str) -> None:
    server.change = answer(wanted)
    with pytest.raises(SmpError, match="wants byte"):
        device(server).upload(0, NEW)


def test_upload_with_another_digest_fails(server: SmpServer) -> None:
    # {"off": 100, "match": false}
    server.change = answer("a2636f66661864656d61746368f4")
    with pytest.raises(SmpError, match="has other bytes than were sent"):
        device(server).upload(0, NEW)


def test_device_that_is_off_is_an_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        smp = UdpSmp("127.0.0.1", port, timeout=0.05, restart_timeout=0, settle=0)
        with pytest.raises(SmpError, match="does not answer within"):
            smp.images()
        with pytest.raises(SmpError, match="does not answer 0 s after its reset"):
            smp.reset()


def test_name_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(SmpError, match="cannot be reached"):
        UdpSmp("256.0.0.1.invalid", 1).images()
