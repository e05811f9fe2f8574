"""Tests that two builds of a gateway have the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path("examples/gateway")


@pytest.mark.parametrize("name", ["factory.img", "firmware_variables.fd"])
def test_two_builds_have_the_same_bytes(name: str) -> None:
    again = name.replace(".", "_again.")
    assert (FOLDER / name).resolve() != (FOLDER / again).resolve()
    assert (FOLDER / name).read_bytes() == (FOLDER / again).read_bytes()
