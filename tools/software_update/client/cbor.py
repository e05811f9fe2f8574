"""CBOR (RFC 8949), as far as SMP needs it: integers, texts, bytes, lists, maps, true, false and null."""

from collections.abc import Mapping
from typing import Any

_MAX_DEPTH = 8
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = range(8)
_INDEFINITE = 31
_BREAK = 0xFF
_SIMPLE_VALUES = {20: False, 21: True, 22: None, 23: None}


def encode(value: Mapping[str, int | bool | str | bytes]) -> bytes:
    """Returns the shortest encoding of a map. Its integers are not negative."""
    encoded = _head(_MAP, len(value))
    for key, each in value.items():
        encoded += _string(key) + _item(each)
    return encoded


def _item(value: int | bool | str | bytes) -> bytes:
    if isinstance(value, bool):
        return _head(_SIMPLE, 21 if value else 20)
    return _head(_UNSIGNED, value) if isinstance(value, int) else _string(value)


def _string(value: str | bytes) -> bytes:
    if isinstance(value, bytes):
        return _head(_BYTES, len(value)) + value
    content = value.encode()
    return _head(_TEXT, len(content)) + content


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    size = next(each for each in range(4) if number < 1 << (8 << each))
    return bytes([major << 5 | 24 + size]) + number.to_bytes(1 << size, "big")


def decode(content: bytes) -> dict[str, Any]:
    """Returns the map that is the whole of `content`. Raises ValueError for everything else."""
    reader = _Reader(content)
    value = reader.item(0)
    if not isinstance(value, dict) or reader.offset != len(content):
        raise ValueError("is not one map")
    return value


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self.offset = 0

    def item(self, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise ValueError("is nested too deeply")
        first = self._take(1)[0]
        major, short = first >> 5, first & 31
        if major == _SIMPLE:
            if short not in _SIMPLE_VALUES:
                raise ValueError(f"has an unknown item {first:#04x}")
            return _SIMPLE_VALUES[short]
        if major in (_LIST, _MAP):
            count = None if short == _INDEFINITE else self._number(short)
            return self._map(count, depth) if major == _MAP else self._list(count, depth)
        number = self._number(short)
        match major:
            case 0:
                return number
            case 1:
                return -1 - number
            case 2:
                return self._take(number)
            case 3:
                return self._take(number).decode()
        raise ValueError("has a tag")

    def _map(self, count: int | None, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._goes_on(count, len(found)):
            key = self.item(depth + 1)
            if not isinstance(key, str) or key in found:
                raise ValueError("has a key that is not a text, or appears twice")
            found[key] = self.item(depth + 1)
        return found

    def _list(self, count: int | None, depth: int) -> list[Any]:
        found: list[Any] = []
        while self._goes_on(count, len(found)):
            found.append(self.item(depth + 1))
        return found

    def _goes_on(self, count: int | None, found: int) -> bool:
        if count is not None:
            return found < count
        if self._content[self.offset : self.offset + 1] != bytes([_BREAK]):
            return True
        self.offset += 1
        return False

    def _number(self, short: int) -> int:
        if short < 24:
            return short
        if short > 27:
            raise ValueError("has an unknown length")
        return int.from_bytes(self._take(1 << (short - 24)), "big")

    def _take(self, length: int) -> bytes:
        end = self.offset + length
        if end > len(self._content):
            raise ValueError("ends early")
        taken = self._content[self.offset : end]
        self.offset = end
        return taken
