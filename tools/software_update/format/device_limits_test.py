"""Tests of the file of device limits."""

import json
from typing import Any

import pytest

from software_update.base.errors import InputError
from software_update.format.device_limits import (
    DEFAULT,
    RANGES,
    SCHEMA,
    DeviceLimits,
    parse_device_limits,
)


def content(**fields: Any) -> bytes:
    return json.dumps({"schema": SCHEMA, **fields}).encode()


def problem(data: bytes) -> str:
    with pytest.raises(InputError) as raised:
        parse_device_limits("limits.json", data)
    return str(raised.value).removeprefix("limits.json: ")


def test_absent_fields_have_defaults() -> None:
    assert parse_device_limits("limits.json", content()) == DEFAULT


def test_every_field() -> None:
    fields = {
        **{name: most for name, (_, most) in RANGES.items()},
        "release_manifest": False,
        "compression": ["zstd"],
    }
    found = parse_device_limits("limits.json", content(**fields))
    assert found == DeviceLimits(**{**fields, "compression": ("zstd",)})  # type: ignore[arg-type]
    assert all(getattr(found, name) != getattr(DEFAULT, name) for name in DeviceLimits._fields)


@pytest.mark.parametrize("name", RANGES)
def test_range_of_a_number(name: str) -> None:
    least, most = RANGES[name]
    for good in (least, most):
        found = parse_device_limits("limits.json", content(**{name: good}))
        assert getattr(found, name) == good
    for bad in (least - 1, most + 1, True, f"{least}", 2.0, None):
        assert problem(content(**{name: bad})) == f"{name} needs an integer from {least} to {most}"


def test_release_manifest_is_a_boolean() -> None:
    for bad in (0, "true", None):
        assert problem(content(release_manifest=bad)) == "release_manifest needs true or false"


@pytest.mark.parametrize("bad", [True, False, "zstd", ["lzma"], [["zstd"]], [1]])
def test_compression_is_a_list_of_known_algorithms(bad: Any) -> None:
    assert (
        problem(content(compression=bad))
        == "compression needs a list with some of zstd, or an empty list"
    )


def test_algorithm_appears_once() -> None:
    assert (
        problem(content(compression=["zstd", "zstd"]))
        == "compression names an algorithm twice; remove one"
    )


def test_misspelt_limit_is_an_error() -> None:
    assert problem(content(target=8)) == "'target' is not a device limit; did you mean targets?"
    assert problem(content(x=8)).startswith(
        "'x' is not a device limit; remove it, or write one of keys, "
    )


@pytest.mark.parametrize("bad", [b"[]", b"{}", b"8", b'{"schema": "software_update.release.v1"}'])
def test_other_documents(bad: bytes) -> None:
    assert (
        problem(bad)
        == 'not limits of a device; write an object with "schema": "software_update.device_limits.v1"'
    )


def test_not_json() -> None:
    assert problem(b"{") == "not JSON; write software_update.device_limits.v1"
    assert "has the key 'keys' twice" in problem(b'{"keys": 1, "keys": 2}')
