"""Tests that the generated sources of the device library are fresh, and that C++ knows every verdict."""

import re
from pathlib import Path

import cpp
import cpp_fields
import pytest
from cpp_sources import sources
from software_update.format.verdicts import Verdict


@pytest.mark.parametrize("path", sources())
def test_source_is_fresh(path: str) -> None:
    assert Path(path).read_text(encoding="utf-8") == sources()[path], f"renew it with: {cpp.RENEW}"


@pytest.mark.parametrize("path", sources())
def test_lines_fit_in_100_columns(path: str) -> None:
    assert max(map(len, sources()[path].splitlines())) <= 100


def test_verdict_names_are_those_of_python() -> None:
    source = Path("device/src/verdict.cc").read_text(encoding="utf-8")
    named = re.findall(r'case Verdict::(\w+):\s+return "(\w+)";', source)
    assert named == [(cpp.enumerator(each.name), each.value) for each in Verdict]


@pytest.mark.parametrize(
    ("limit", "encoded"),
    [
        (1, "1"),
        (255, "8"),
        (4096, "kPowerOfTwo | 12"),
        (2**32 - 1, "32"),
        (2**64 - 1, "kNoLimit"),
    ],
)
def test_limit_is_encoded_in_one_byte(limit: int, encoded: str) -> None:
    assert cpp_fields._limit(limit) == encoded


def test_limit_without_an_encoding_is_an_error() -> None:
    with pytest.raises(ValueError, match="the limit 100"):
        cpp_fields._limit(100)
