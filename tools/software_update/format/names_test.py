"""Tests of target names: names.py agrees with tests/vectors/names.json."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from software_update.format.limits import MAX_NAME_BYTES
from software_update.format.names import USER_MANIFEST, clash, name_problem
from software_update.testing.tree import VECTORS

_NAMES: dict[str, Any] = json.loads((VECTORS / "names.json").read_bytes())
# The beginning of the message on a name, by the problem that the name has.
_MESSAGES = {
    "character": "has characters other than",
    "dot_part": "has the part ",
    "empty": "is empty",
    "empty_part": "has an empty part",
    "too_long": f"is longer than {MAX_NAME_BYTES} bytes",
}


@pytest.mark.parametrize("name", _NAMES["valid"], ids=repr)
def test_valid_names(name: str) -> None:
    assert name_problem(name) is None


@pytest.mark.parametrize("case", _NAMES["invalid"], ids=lambda case: repr(case["name"]))
def test_invalid_names(case: dict[str, Any]) -> None:
    found = name_problem(case["name"])
    assert found is not None
    assert found.startswith(_MESSAGES[case["problems"][0]])
    if case["problems"][0] == "dot_part":
        part = next(each for each in case["name"].split("/") if each in (".", ".."))
        assert found == f"has the part '{part}'"


def test_a_surrogate_is_not_a_character() -> None:
    """JSON in other languages cannot have it, so it is not in names.json."""
    assert (name_problem("\ud800") or "").startswith(_MESSAGES["character"])


def test_problems_are_documented() -> None:
    used = {problem for case in _NAMES["invalid"] for problem in case["problems"]}
    assert used == set(_NAMES["problems"]) == set(_MESSAGES)


@pytest.mark.parametrize("name", _NAMES["reserved"])
def test_reserved_names(name: str) -> None:
    """Builds reserve these names; in a bundle, only one of them has a meaning."""
    assert name.lower() == USER_MANIFEST
    assert name_problem(name) is None


@pytest.mark.parametrize("case", _NAMES["clashes"], ids=lambda case: "-".join(case["names"]))
def test_clashes(case: dict[str, Any]) -> None:
    assert list(clash(case["names"]) or ()) == case["clash"]


@given(st.text(max_size=8))
def test_a_good_name_stays_in_its_folder(name: str) -> None:
    if name_problem(name) is None:
        assert name.isascii()
        assert all(part not in ("", ".", "..") for part in name.split("/"))
