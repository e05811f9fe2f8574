"""Tests of the framing of SMP on a serial line."""

import pytest

from software_update.client.smp_frame import FrameReader, lines_of

# From the documentation of smp, which is not ours.
HELLO = b"\x06\x09AA9IZWxsbywgd29ybGQhet4=\n"


def read(received: bytes) -> list[bytes]:
    return list(FrameReader().packets(received))


def test_packet_of_another_implementation() -> None:
    assert lines_of(b"Hello, world!") == HELLO
    assert read(HELLO) == [b"Hello, world!"]


@pytest.mark.parametrize("length", [0, 1, 88, 89, 90, 182, 183, 1000])
def test_packets_of_any_length(length: int) -> None:
    packet = bytes(at % 251 for at in range(length))
    lines = lines_of(packet)
    assert max(map(len, lines.splitlines(keepends=True))) <= 127
    reader = FrameReader()
    found = [each for byte in lines for each in reader.packets(bytes([byte]))]
    assert found == [packet]


def test_other_text_between_lines_is_ignored() -> None:
    long = lines_of(bytes(150))
    first, second = long.splitlines(keepends=True)
    assert read(b"boot\n" + b"log: " + first + b"<inf> hello\r\n" + second) == [bytes(150)]


@pytest.mark.parametrize(
    "received",
    [
        HELLO.replace(b"Zb", b"Za").replace(b"sby", b"sbz"),
        HELLO[:9] + b"*" + HELLO[10:],
        HELLO.replace(b"=", b""),
        b"\x04\x14" + HELLO[2:],
        lines_of(bytes(150)).splitlines(keepends=True)[1],
        b"\x06\x09AA==\n",
        b"\x06\x09AAA=\n",
        b"\x06\x09AABB\n",
    ],
    ids=["crc", "not base64", "padding", "no start", "only the end", "1 byte", "2 bytes", "length"],
)
def test_damaged_packets_are_ignored_and_the_next_one_is_read(received: bytes) -> None:
    assert read(received) == []
    assert read(received + HELLO) == [b"Hello, world!"]
