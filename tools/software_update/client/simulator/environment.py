"""U-Boot's environment: variables with a checksum, in one or two copies.

A copy is: CRC-32 of the variables' area, little-endian; with two copies, a counter byte; then `name=value`
and a zero byte for each variable, and one more zero byte. The copy with the higher counter is the current
one (255 is followed by 0), and a program writes the other one.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from software_update.client.system import Storage

_CRC = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A copy of the environment: file or block device, offset and size in bytes."""

    path: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment as it was read. `variables` is None if no copy is intact; `current` counts from 0."""

    variables: dict[str, str] | None
    current: int = 0
    counter: int = 0


def parse_config(text: str) -> tuple[Place, ...]:
    """Returns the one or two copies that a `fw_env.config` names; sizes and offsets are hexadecimal."""
    places = []
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 3 and not line.startswith("#"):
            places.append(Place(words[0], int(words[1], 0), int(words[2], 16)))
    return tuple(places[:2])


def encode(variables: Mapping[str, str], size: int, counter: int | None = None) -> bytes:
    """Returns a copy of `size` bytes. `counter` is None for an environment with one copy."""
    text = b"".join(f"{name}={value}\0".encode() for name, value in sorted(variables.items()))
    head = _CRC if counter is None else _CRC + 1
    area = text + b"\0"
    if len(area) > size - head:
        raise ValueError(f"the environment has {len(area)} bytes, and room for {size - head}")
    area += bytes(size - head - len(area))
    flag = b"" if counter is None else bytes([counter])
    return zlib.crc32(area).to_bytes(_CRC, "little") + flag + area


def decode(copy: bytes, *, redundant: bool) -> tuple[dict[str, str], int] | None:
    """Returns the variables and counter of a copy; None if its checksum is wrong."""
    head = _CRC + 1 if redundant else _CRC
    area = copy[head:]
    if len(copy) <= head or zlib.crc32(area).to_bytes(_CRC, "little") != copy[:_CRC]:
        return None
    variables = {}
    for line in area.split(b"\0\0", 1)[0].split(b"\0"):
        name, equals, value = line.decode("utf-8", "replace").partition("=")
        if equals:
            variables[name] = value
    return variables, copy[_CRC] if redundant else 0


def read(storage: Storage, places: Sequence[Place]) -> Environment:
    """Reads the current copy. Raises OSError."""
    redundant = len(places) > 1
    copies, flags = [], []
    for place in places:
        file = storage.open(place.path)
        copy = file.read(place.offset, place.size)
        copies.append(decode(copy, redundant=redundant))
        flags.append(copy[_CRC] if redundant and len(copy) > _CRC else 0)
        file.close()
    intact = [index for index, copy in enumerate(copies) if copy is not None]
    if not intact:
        # libubootenv counts on from the first copy, although it is broken.
        return Environment(None, counter=flags[0])
    best = intact[0]
    if len(intact) > 1:
        first, second = (copy[1] for copy in copies if copy is not None)
        best = int((second - first) % 256 == 1 if {first, second} == {0, 255} else second > first)
    chosen = copies[best]
    assert chosen is not None
    return Environment(chosen[0], best, chosen[1])


def write(
    storage: Storage, places: Sequence[Place], before: Environment, variables: Mapping[str, str]
) -> str:
    """Writes the copy that is not current, or the only one, without a sync. Returns its path."""
    redundant = len(places) > 1
    index = 1 - before.current if redundant else 0
    counter = (before.counter + 1) % 256 if redundant else None
    place = places[index]
    file = storage.open_to_write(place.path)
    file.write(place.offset, encode(variables, place.size, counter))
    file.close()
    return place.path
