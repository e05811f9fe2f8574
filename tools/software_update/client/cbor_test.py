"""Tests of CBOR against examples of RFC 8949, appendix A."""

from typing import Any

import pytest

from software_update.client import cbor


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ({}, "a0"),
        ({"a": 0, "b": 23}, "a261610061 6217"),
        ({"a": 24, "b": 1000}, "a2616118186162 1903e8"),
        ({"a": 1_000_000, "b": 1_000_000_000_000}, "a261611a000f424061621b000000e8d4a51000"),
        ({"a": True, "b": False}, "a26161f56162f4"),
        ({"a": b"\1\2\3\4", "b": "ü"}, "a261614401020304616262c3bc"),
        ({"a": bytes(256)}, "a16161590100" + "00" * 256),
    ],
)
def test_maps_have_the_encoding_of_the_standard(value: dict[str, Any], encoded: str) -> None:
    assert cbor.encode(value) == bytes.fromhex(encoded)
    assert cbor.decode(bytes.fromhex(encoded)) == value


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("a16161 820203", {"a": [2, 3]}),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("a1616120", {"a": -1}),
        ("a161613903e7", {"a": -1000}),
        ("a16161f6", {"a": None}),
        ("a16161a161 62a0", {"a": {"b": {}}}),
    ],
)
def test_other_items_of_answers_are_read(encoded: str, value: dict[str, Any]) -> None:
    assert cbor.decode(bytes.fromhex(encoded)) == value


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "01",
        "a0a0",
        "a1",
        "a161",
        "a16161",
        "a1616142 01",
        "a10102",
        "a2616101616102",
        "a16161c101",
        "a16161f93c00",
        "a161611c",
        "bf616101",
        "a16161ff",
        "a16161" + "81" * 9 + "01",
        "a16161bb" + "ff" * 8,
        "a1616161ff",
    ],
)
def test_everything_else_is_an_error(encoded: str) -> None:
    with pytest.raises(ValueError):
        cbor.decode(bytes.fromhex(encoded))
