"""Tests of rollout rules and of a device's place in them."""

import hashlib
import hmac
from typing import Any

import pytest

from software_update.base.errors import InputError
from software_update.format.rollout import (
    SCHEMA,
    Band,
    Rollout,
    begins,
    build_rollouts,
    parse_rollouts,
    place,
)

RELEASE = "ab" * 32
BANDS = (Band(5, 1000), Band(50, 2000), Band(100, 3000))
ROLLOUT = Rollout(RELEASE, BANDS)
QUARTER = 2**30


def test_reading_returns_what_was_written() -> None:
    rollouts = (ROLLOUT, Rollout("cd" * 32, (), True, "battery drains"))
    assert parse_rollouts(build_rollouts(rollouts), "r") == rollouts


def test_place_is_the_start_of_an_hmac_over_context_and_release() -> None:
    secret = bytes(range(32))
    mac = hmac.new(secret, b"software_update.rollout.v1" + b"\xab" * 32, hashlib.sha256).digest()
    assert place(secret, RELEASE) == int.from_bytes(mac[:4], "big")


def test_place_changes_with_secret_and_release() -> None:
    places = {place(bytes([n]) * 32, RELEASE) for n in range(50)}
    places |= {place(bytes(32), f"{n:064x}") for n in range(50)}
    assert len(places) == 100


@pytest.mark.parametrize(
    ("place", "begin"),
    [
        (0, 1000),
        (214748364, 1000),
        (214748365, 2000),
        (QUARTER, 2000),
        (2**31, 3000),
        (2**32 - 1, 3000),
    ],
)
def test_band_of_a_place(place: int, begin: int) -> None:
    assert begins(ROLLOUT, place) == begin


def test_place_beyond_all_bands_waits() -> None:
    assert begins(Rollout(RELEASE, BANDS[:2]), 2**31) is None
    assert begins(Rollout(RELEASE, ()), 0) is None


def test_share_of_devices_in_a_band_is_its_percentage() -> None:
    secrets = (hashlib.sha256(b"%d" % n).digest() for n in range(20_000))
    inside = sum(begins(ROLLOUT, place(each, RELEASE)) == 1000 for each in secrets)
    # Five standard deviations around 5 % of 20,000.
    assert abs(inside - 1000) < 155


def _rules(**changes: Any) -> dict[str, Any]:
    rule = {"release": RELEASE, "bands": [{"percent": 5, "not_before": "2031-01-01T00:00:00Z"}]}
    return {"schema": SCHEMA, "rollouts": [{**rule, **changes}]}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"release": "xy"}, r"rollouts\[0\]\.release"),
        ({"halted": 1}, r"rollouts\[0\]\.halted"),
        ({"reason": "x" * 201}, r"rollouts\[0\]\.reason"),
        ({"bands": None}, r"rollouts\[0\]\.bands"),
        ({"bands": [{"percent": 5, "not_before": "2031-01-01T00:00:00Z"}] * 2}, "must rise"),
        ({"bands": [{"percent": 0, "not_before": "2031-01-01T00:00:00Z"}]}, r"bands\[0\]\.percent"),
        (
            {"bands": [{"percent": 101, "not_before": "2031-01-01T00:00:00Z"}]},
            r"bands\[0\]\.percent",
        ),
        (
            {"bands": [{"percent": 5.0, "not_before": "2031-01-01T00:00:00Z"}]},
            r"bands\[0\]\.percent",
        ),
        ({"bands": [{"percent": 5, "not_before": "tomorrow"}]}, r"bands\[0\]\.not_before"),
        ({"bands": [{"percent": 5}]}, r"bands\[0\]\.not_before"),
        ({"bands": [7]}, r"bands\[0\]\.percent"),
    ],
)
def test_bad_rule_is_rejected(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        parse_rollouts(_rules(**changes), "r")


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"schema": SCHEMA},
        {"schema": "x", "rollouts": []},
        {"schema": SCHEMA, "rollouts": [7]},
        {"schema": SCHEMA, "rollouts": _rules()["rollouts"] * 2},
        {"schema": SCHEMA, "rollouts": _rules()["rollouts"] * 65},
    ],
)
def test_other_document_is_rejected(document: Any) -> None:
    with pytest.raises(InputError, match=r"^r"):
        parse_rollouts(document, "r")
