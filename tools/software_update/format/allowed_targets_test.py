"""Tests of allowed targets: allowed_targets.py agrees with tests/vectors/names.json."""

import json
from typing import Any

import pytest

from software_update.format.allowed_targets import is_allowed, list_problem
from software_update.format.limits import MAX_ALLOWED_TARGET_BYTES
from software_update.testing.tree import VECTORS

_CASES: dict[str, Any] = json.loads((VECTORS / "names.json").read_bytes())["allowed_targets"]
# A part of the message on a list, by the problem that the list has.
_MESSAGES = {
    "name": ("is empty", "has an empty part", "has the part", "has characters", "has no name"),
    "star": ("has a '*' that is not in a '/*' at its end",),
    "too_long": (f"is longer than {MAX_ALLOWED_TARGET_BYTES} bytes",),
    "too_many": ("17 allowed targets; at most 16",),
    "twice": ("appears twice",),
}


@pytest.mark.parametrize("entries", _CASES["valid"], ids=repr)
def test_valid_lists(entries: list[str]) -> None:
    assert list_problem(entries) is None


@pytest.mark.parametrize("case", _CASES["invalid"], ids=lambda case: repr(case["entries"]))
def test_invalid_lists(case: dict[str, Any]) -> None:
    found = list_problem(case["entries"])
    assert found is not None
    assert any(each in found for each in _MESSAGES[case["problem"]])
    assert found.isprintable()


def test_problems_are_documented() -> None:
    used = {case["problem"] for case in _CASES["invalid"]}
    assert used == set(_CASES["problems"]) == set(_MESSAGES)


@pytest.mark.parametrize("case", _CASES["matches"], ids=lambda case: repr(case["entries"]))
def test_matches(case: dict[str, Any]) -> None:
    assert list_problem(case["entries"]) is None
    assert [name for name in case["allowed"] if not is_allowed(name, case["entries"])] == []
    assert [name for name in case["not_allowed"] if is_allowed(name, case["entries"])] == []
