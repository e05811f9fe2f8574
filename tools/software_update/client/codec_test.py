"""Tests of dataclasses as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from software_update.client.codec import from_json, to_json
from software_update.client.question import Phase


@dataclass(frozen=True)
class Inner:
    number: int


@dataclass(frozen=True)
class Outer:
    text: str
    phase: Phase | None = None
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    named: Mapping[str, Inner] = field(default_factory=dict)
    flag: bool = False


FULL = Outer("a", Phase.INSTALL, Inner(1), (Inner(2), Inner(3)), {"x": Inner(4)}, True)


@pytest.mark.parametrize("value", [Outer("a"), FULL])
def test_value_survives_json(value: Outer) -> None:
    assert from_json(Outer, json.loads(json.dumps(to_json(value)))) == value


def test_defaults_are_left_out() -> None:
    assert to_json(Outer("a")) == {"text": "a"}


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({"text": 1}, "is not of type str"),
        ({"text": "a", "flag": 1}, "is not of type bool"),
        ({"text": "a", "inner": {"number": True}}, "is not of type int"),
        ({"text": "a", "phase": "lunch"}, "'lunch' is not a valid Phase"),
        ({"text": "a", "other": 1}, "unknown member 'other'"),
        ({}, "a member is missing"),
        ([], "is not of type dict"),
        ({"text": "a", "many": {}}, "is not of type list"),
        ({"text": "a", "named": []}, "is not of type dict"),
    ],
)
def test_wrong_document_is_rejected(document: Any, error: str) -> None:
    with pytest.raises(ValueError, match=f"^{error}$"):
        from_json(Outer, document)
