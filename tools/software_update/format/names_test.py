"""Tests of names.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from software_update.format.names import clash, name_problem


@pytest.mark.parametrize(
    "name",
    ["a", "app.bin", "A-Z_0.9+x", "assets/logo.raw", "a/b/c", "...", ".hidden", "-", "a" * 255],
)
def test_good_names(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "is empty"),
        ("a" * 256, "is longer than 255 bytes"),
        ("/", "has an empty part"),
        ("/etc/passwd", "has an empty part"),
        ("a/", "has an empty part"),
        ("a//b", "has an empty part"),
        (".", "has the part '.'"),
        ("..", "has the part '..'"),
        ("../a", "has the part '..'"),
        ("a/../b", "has the part '..'"),
        ("a/./b", "has the part '.'"),
        ("a b", "has characters other than"),
        ("a\\b", "has characters other than"),
        ("a\n", "has characters other than"),
        ("a\0", "has characters other than"),
        ("a=b", "has characters other than"),
        ("a:b", "has characters other than"),
        ("\u00e9", "has characters other than"),
        ("\u0663", "has characters other than"),  # a digit, of another script
        ("\ud800", "has characters other than"),
        ("\u00e9" * 128, "is longer than 255 bytes"),
    ],
)
def test_bad_names(name: str, problem: str) -> None:
    found = name_problem(name)
    assert found is not None
    assert found.startswith(problem)


@given(st.text(max_size=8))
def test_a_good_name_stays_in_its_folder(name: str) -> None:
    if name_problem(name) is None:
        assert name.isascii()
        assert all(part not in ("", ".", "..") for part in name.split("/"))


def test_clash() -> None:
    assert clash([]) is None
    assert clash(["a", "b", "a/b"]) is None
    assert clash(["a", "b", "a"]) == ("a", "a")
    assert clash(["App", "b", "aPP"]) == ("App", "aPP")
