"""Tests of the encoder: it uses no code of the product, and agrees with published values."""

import ast
import inspect
import sys

import pytest

from software_update.testing import encode as e


def test_it_imports_nothing_of_the_product() -> None:
    """Otherwise a fault of the product could hide itself in the tests."""
    modules = set()
    for node in ast.walk(ast.parse(inspect.getsource(e))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert (node.level, node.module is None) == (0, False)
            modules.add((node.module or "").split(".")[0])
    assert modules - sys.stdlib_module_names == {"cryptography"}


@pytest.mark.parametrize(
    ("value", "size", "encoded"),
    [
        (0, 0, "00"),
        (127, 0, "7f"),
        (128, 0, "8001"),
        (150, 0, "9601"),
        (2**64 - 1, 0, "ffffffffffffffffff01"),
        (1, 2, "8100"),
        (150, 10, "96818080808080808000"),
    ],
)
def test_varint(value: int, size: int, encoded: str) -> None:
    assert e.varint(value, size).hex() == encoded


def test_key_one_is_the_generator_of_p256() -> None:
    """SEC 2, version 2, section 2.4.2."""
    x = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    y = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    assert e.Key(1).keyval.hex() == f"04{x}{y}"
    assert e.Key(1).mirrored.keyval[:33] == e.Key(1).keyval[:33]
    ys = [int.from_bytes(each.keyval[33:], "big") for each in (e.Key(1), e.Key(1).mirrored)]
    assert sum(ys) == e.PRIME


def test_signatures_are_those_of_rfc_6979() -> None:
    """Appendix A.2.5, with SHA-256 and the message "sample"."""
    key = e.Key(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721)
    r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    s = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    assert key.sign(b"sample").hex() == r + s
    assert e.other_s(e.other_s(key.sign(b"sample"))) == key.sign(b"sample")


def test_an_empty_id_is_kept() -> None:
    assert e.key_of(b"k", id_=b"").startswith(e.blob(1, b"") + e.tag(2, 2))
    assert e.key_of(b"k").startswith(e.blob(1, e.sha256(b"\3\3k")))


def test_a_timestamp_keeps_negative_seconds_in_64_bits() -> None:
    assert e.time(-1) == e.number(1, 2**64 - 1)
    assert e.common("root", expires=5, nanos=7) == e.common("root", expires=e.time(5, 7))
