"""Tests of flash_check: it accepts good drivers, and names the rule that a bad one breaks."""

import ctypes
import os

import pytest

_library = ctypes.CDLL(os.path.abspath(os.environ["LIBRARY"]))
_library.check_driver.restype = ctypes.c_char_p
_library.check_flash_model.restype = ctypes.c_char_p

# In the order of `Bug` in flash_check_for_test.cc.
RULES = [
    "program_unit is a power of two from 1 to 32",
    "program_unit is a power of two from 1 to 32",
    "erase_unit is a multiple of 64, and 256 or more",
    "erase returns true if it succeeds",
    "an erased sector reads 0xff",
    "program returns true if it succeeds",
    "a programmed unit reads back",
    "program changes no other bytes",
    "program changes no other bytes",
    "the last unit of a sector is programmed",
    "the next sector does not change",
    "64 bytes are programmed at once",
    "read returns bytes from any address, of any number",
    "read returns bytes from any address, of any number",
    "erase clears a programmed sector",
    "erase changes no other sector",
    "erase does not change the sector before",
    "a programmed unit reads back",
    "read returns bytes from any address, of any number",
    "a sector is programmed again after each erase",
]


def broken_rule(bug: int, unit: int = 8) -> str | None:
    found = _library.check_driver(bug, ctypes.c_size_t(unit))
    return found.decode() if found else None


@pytest.mark.parametrize("unit", [1, 2, 4, 8, 16, 32])
def test_good_driver_keeps_all_rules(unit: int) -> None:
    assert broken_rule(0, unit) is None


@pytest.mark.parametrize("ecc", [0, 1])
@pytest.mark.parametrize("unit", [1, 8, 32])
def test_check_keeps_the_rules_of_the_hardware(unit: int, ecc: int) -> None:
    assert _library.check_flash_model(ctypes.c_size_t(unit), ecc) is None


@pytest.mark.parametrize("bug", range(1, len(RULES) + 1))
def test_each_bug_is_found(bug: int) -> None:
    assert broken_rule(bug) == RULES[bug - 1]
