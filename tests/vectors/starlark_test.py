"""Tests that values.bzl has the JSON of this folder."""

from tests.vectors.starlark import HERE, render


def test_values_bzl_is_up_to_date() -> None:
    assert (HERE / "values.bzl").read_text() == render()
