"""Framing and CBOR of the device library's SMP, compared with smp and cbor2, which are not ours."""

import binascii
import ctypes
import os
import random
import sys
import types

import cbor2
import pytest
from software_update.client.smp_frame import FrameReader, lines_of

# smp imports it for this one function, and it has no wheels.
_crc = types.ModuleType("crcmod.predefined")
_crc.mkPredefinedCrcFun = lambda name: lambda content: binascii.crc_hqx(content, 0)  # type: ignore[attr-defined]
sys.modules.setdefault("crcmod", types.ModuleType("crcmod"))
sys.modules.setdefault("crcmod.predefined", _crc)

import smp.packet  # noqa: E402

_library = ctypes.CDLL(os.path.abspath(os.environ["LIBRARY"]))
for _name in ("smp_lines", "smp_packets"):
    getattr(_library, _name).restype = ctypes.c_size_t
_LARGEST = 1 << 16
_MISSING, _UINT, _BYTES, _TEXT, _BOOL, _OTHER = range(6)
_INVALID = -1


def lines(packet: bytes) -> bytes:
    out = ctypes.create_string_buffer(_LARGEST)
    size = _library.smp_lines(packet, ctypes.c_size_t(len(packet)), out, ctypes.c_size_t(_LARGEST))
    return out.raw[:size]


def packets(received: bytes, buffer_size: int = 1024) -> list[bytes]:
    out = ctypes.create_string_buffer(_LARGEST)
    length, buffer, capacity = map(ctypes.c_size_t, (len(received), buffer_size, _LARGEST))
    size = _library.smp_packets(received, length, buffer, out, capacity)
    rest = out.raw[:size]
    found = []
    while rest:
        end = 2 + int.from_bytes(rest[:2], "big")
        found.append(rest[2:end])
        rest = rest[end:]
    return found


def find(content: bytes, key: str) -> tuple[int, int, bytes]:
    number, size = ctypes.c_uint64(), ctypes.c_size_t()
    out = ctypes.create_string_buffer(len(content) + 1)
    length = ctypes.c_size_t(len(content))
    kind = _library.cbor_find(
        content, length, key.encode(), ctypes.byref(number), out, ctypes.byref(size)
    )
    return kind, number.value, out.raw[: size.value]


SIZES = [0, 1, 2, 8, 88, 89, 90, 91, 181, 182, 183, 500, 1020]


@pytest.mark.parametrize("size", SIZES)
def test_lines_are_those_of_another_implementation(size: int) -> None:
    packet = random.Random(size).randbytes(size)
    assert lines(packet) == b"".join(smp.packet.encode(packet, 128)) == lines_of(packet)
    assert packets(lines(packet)) == [packet]


@pytest.mark.parametrize("length", [8, 16, 61, 127])
def test_lines_of_any_length_are_read(length: int) -> None:
    packet = random.Random(length).randbytes(300)
    assert packets(b"".join(smp.packet.encode(packet, length))) == [packet]


def test_packets_that_fill_the_buffer_are_read_and_longer_ones_are_not() -> None:
    fits, longer = bytes(124), bytes(125)
    assert packets(lines(fits), 128) == [fits]
    assert packets(lines(longer) + lines(fits), 128) == [fits]
    # Its length says that more is to come, and it comes.
    endless = (
        b"\x06\x09"
        + binascii.b2a_base64(b"\xff\xff" + bytes(91))
        + 50 * (b"\x04\x14" + binascii.b2a_base64(bytes(93)))
    )
    assert packets(endless + lines(fits), 128) == [fits]


def test_other_text_on_the_line_is_ignored() -> None:
    long = lines(bytes(150)).splitlines(keepends=True)
    received = b"boot: 1.0\r\n<inf> " + long[0] + b"<wrn> low\n" + long[1].replace(b"\n", b"\r\n")
    assert packets(received) == [bytes(150)]


@pytest.mark.parametrize(
    "damaged",
    [
        b"\x06\x09AAA=\n",
        b"\x06\x09AABB\n",
        b"\x06\x09AAJB\n\x04\x14QUE=\n",
        b"\x06\x09AA=A\n",
        b"\x06\x09====\n",
        b"\x06\x09A===\n",
        b"\x06\x09AA\n",
        b"\x06\x09\n",
        b"\x04\x14AAAA\n",
        b"\x06\x14AAAA\n",
        b"\x06\x09AAFB*UFB\n",
        b"\x06\x09" + b"QUE=" * 2 + b"\n",
    ],
)
def test_damaged_packets_are_ignored(damaged: bytes) -> None:
    assert packets(damaged + lines(b"next")) == [b"next"]


def mutant(source: random.Random, content: bytes) -> bytes:
    """Returns the content with one change: a bit, a byte, a piece removed or repeated, or the end cut."""
    changed = bytearray(content)
    at = source.randrange(len(content))
    match source.randrange(5):
        case 0:
            changed[at] ^= 1 << source.randrange(8)
        case 1:
            changed[at] = source.choice(b"\x04\x06\x09\x14\n\r=A\x00\xff")
        case 2:
            del changed[at : at + source.randrange(1, 9)]
        case 3:
            changed[at:at] = changed[max(0, at - 9) : at]
        case 4:
            del changed[at:]
    return bytes(changed)


def test_damaged_lines_never_become_another_packet() -> None:
    source = random.Random(7)
    packet = source.randbytes(200)
    whole = lines(packet)
    for _ in range(2000):
        found = packets(mutant(source, whole) + lines(b"next"))
        assert found in ([b"next"], [packet, b"next"])


def test_the_client_in_python_reads_the_same_packets() -> None:
    source = random.Random(8)
    whole = lines(source.randbytes(100)) + lines(source.randbytes(50))
    differences = 0
    for _ in range(2000):
        received = mutant(source, whole)
        differences += packets(received) != list(FrameReader().packets(received))
    # They only differ where a mark is in the middle of a line.
    assert differences < 40


REQUESTS = [
    {},
    {"off": 0, "data": bytes(30), "image": 0, "len": 1 << 33, "sha": bytes(32), "upgrade": False},
    {"off": 23, "data": bytes(24)},
    {"off": 24, "data": bytes(255)},
    {"off": 1 << 16, "data": bytes(256)},
    {"hash": bytes(32), "confirm": True},
    {"d": "hello, ünïcode", "n": None, "negative": -7},
]


def kind_of(value: object) -> int:
    if isinstance(value, bool):
        return _BOOL
    if isinstance(value, int) and value >= 0:
        return _UINT
    if isinstance(value, bytes):
        return _BYTES
    return _TEXT if isinstance(value, str) else _OTHER


def check(content: bytes, values: dict[object, object]) -> None:
    for key, value in values.items():
        if "\0" in str(key):
            continue  # It ends a key of C.
        kind, number, found = find(content, str(key))
        assert kind == kind_of(value)
        if kind in (_UINT, _BOOL):
            assert number == int(value)  # type: ignore[call-overload]
        elif kind in (_BYTES, _TEXT):
            assert found == (value if isinstance(value, bytes) else str(value).encode())


@pytest.mark.parametrize("values", REQUESTS, ids=range(len(REQUESTS)))
def test_maps_of_cbor2_are_read(values: dict[object, object]) -> None:
    content = cbor2.dumps(values)
    check(content, values)
    assert find(content, "other")[0] == _MISSING
    indefinite = b"\xbf" + content[1:] + b"\xff"
    check(indefinite, values)
    for cut in range(len(content)):
        assert find(content[:cut], "off")[0] == _INVALID
    assert find(content + b"\x00", "off")[0] == _INVALID
    assert find(indefinite + b"\x00", "off")[0] == _INVALID


@pytest.mark.parametrize(
    "content",
    [
        "",
        "80",
        "a16161",
        "a1616180",
        "a16161a0",
        "a1616100a1",
        "a2616100616101",
        "a10000",
        "a141610000",
        "a16161fb3ff0000000000000",
        "a16161c000",
        "a161615f4100ff",
        "a17f6161ff00",
        "a16161f7",
        "a16161f818",
        "a16161ff",
        "bf",
        "bf616100",
        "bf6161ff",
        "a161611c",
        "a161615bffffffffffffffff",
        "bbffffffffffffffff616100",
        "b1" + "".join(f"62{key:04x}00" for key in range(0x6161, 0x6172)),
    ],
)
def test_other_content_is_not_valid(content: str) -> None:
    assert find(bytes.fromhex(content), "a")[0] == _INVALID


def is_plain(values: object) -> bool:
    """Returns whether cbor2's result is a map that the device library reads."""
    return (
        isinstance(values, dict)
        and len(values) <= 16
        and all(isinstance(key, str) for key in values)
        and all(
            value is None
            or isinstance(value, bool | bytes | str)
            or (isinstance(value, int) and -(1 << 64) <= value < 1 << 64)
            for value in values.values()
        )
    )


def test_mutants_of_maps_are_read_as_cbor2_reads_them() -> None:
    source = random.Random(9)
    whole = [cbor2.dumps(values) for values in REQUESTS]
    valid = 0
    for _ in range(8000):
        content = mutant(source, source.choice(whole))
        if find(content, "off")[0] == _INVALID:
            continue
        try:
            values = cbor2.loads(content)
        except cbor2.CBORError as error:
            # The device library does not read text as UTF-8.
            assert "text string" in str(error), content.hex()
            continue
        assert is_plain(values), content.hex()
        check(content, values)
        valid += 1
    assert valid > 500
