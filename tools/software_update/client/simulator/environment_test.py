"""Tests of U-Boot's environment format."""

import zlib

import pytest

from software_update.client.simulator.environment import (
    Environment,
    Place,
    decode,
    encode,
    parse_config,
    read,
    write,
)
from software_update.client.simulator.image import Device, Image
from software_update.client.simulator.storage import SimulatedStorage

SIZE = 64
PLACES = (Place("/dev/env", 0, SIZE), Place("/dev/env", SIZE, SIZE))


def storage(first: bytes, second: bytes) -> SimulatedStorage:
    return SimulatedStorage(Image.of({"/dev/env": Device(first + second)}))


def test_config_names_two_copies_in_hexadecimal() -> None:
    text = "# device offset size\n/dev/env 0x0 0x40\n\n/dev/env 0x40 40\n/dev/third 0 40\n"
    assert parse_config(text) == PLACES


def test_copy_has_the_format_of_u_boot() -> None:
    area = b"a=1\0b=2\0\0" + bytes(SIZE - 4 - 9)
    assert encode({"b": "2", "a": "1"}, SIZE) == zlib.crc32(area).to_bytes(4, "little") + area
    area = b"a=1\0\0" + bytes(SIZE - 5 - 5)
    assert encode({"a": "1"}, SIZE, 7) == zlib.crc32(area).to_bytes(4, "little") + b"\7" + area


@pytest.mark.parametrize("counter", [None, 0, 255])
@pytest.mark.parametrize("variables", [{}, {"a": "1"}, {"a": "x=y", "b": " "}])
def test_copy_is_read_as_it_was_written(variables: dict[str, str], counter: int | None) -> None:
    copy = encode(variables, SIZE, counter)
    assert decode(copy, redundant=counter is not None) == (variables, counter or 0)


def test_copy_with_a_changed_bit_is_rejected() -> None:
    copy = encode({"a": "1"}, SIZE)
    for index in range(SIZE):
        broken = copy[:index] + bytes([copy[index] ^ 1]) + copy[index + 1 :]
        assert decode(broken, redundant=False) is None


def test_environment_that_is_too_long_is_an_error() -> None:
    with pytest.raises(ValueError, match="has 62 bytes, and room for 60"):
        encode({"a": "1" * 58}, SIZE)


@pytest.mark.parametrize(
    ("first", "second", "current"),
    [(1, 2, 1), (2, 1, 0), (255, 0, 1), (0, 255, 0), (5, 5, 0), (254, 255, 1)],
)
def test_copy_with_the_higher_counter_is_current(first: int, second: int, current: int) -> None:
    both = storage(encode({"n": "0"}, SIZE, first), encode({"n": "1"}, SIZE, second))
    found = read(both, PLACES)
    assert found == Environment({"n": str(current)}, current, (first, second)[current])


def test_intact_copy_is_current() -> None:
    good = encode({"a": "1"}, SIZE, 1)
    assert read(storage(bytes(SIZE), good), PLACES) == Environment({"a": "1"}, 1, 1)
    assert read(storage(good, bytes(SIZE)), PLACES) == Environment({"a": "1"}, 0, 1)
    assert read(storage(bytes(SIZE), bytes(SIZE)), PLACES) == Environment(None)


def test_first_write_to_erased_flash_continues_its_counter() -> None:
    device = storage(b"\xff" * SIZE, b"\xff" * SIZE)
    write(device, PLACES, read(device, PLACES), {"a": "1"})
    assert read(device, PLACES) == Environment({"a": "1"}, 1, 0)


def test_write_alternates_between_copies() -> None:
    device = storage(encode({"n": "0"}, SIZE, 254), encode({"n": "0"}, SIZE, 253))
    for number, current in enumerate((1, 0, 1), start=1):
        write(device, PLACES, read(device, PLACES), {"n": str(number)})
        assert read(device, PLACES) == Environment(
            {"n": str(number)}, current, (254 + number) % 256
        )


def test_cut_in_a_write_leaves_the_other_copy() -> None:
    device = storage(encode({"n": "0"}, SIZE, 1), encode({"n": "0"}, SIZE, 0))
    write(device, PLACES, read(device, PLACES), {"n": "1"})
    for _, image in device.snapshot().outcomes(100):
        assert read(SimulatedStorage(image), PLACES).variables in ({"n": "0"}, {"n": "1"})


def test_cut_in_a_write_to_the_only_copy_may_destroy_it() -> None:
    size = 1024
    place = (Place("/dev/env", 0, size),)
    old = {"n": "0", "filler": "x" * 600}
    device = SimulatedStorage(Image.of({"/dev/env": Device(encode(old, size))}))
    write(device, place, read(device, place), {**old, "n": "1", "z": "1"})
    found = [
        read(SimulatedStorage(image), place).variables
        for _, image in device.snapshot().outcomes(100)
    ]
    assert None in found
