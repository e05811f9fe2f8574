"""Tests of reading a machine's small files."""

import pytest

from software_update.client.policy.machine_files import read_line
from software_update.testing.fake_machine import machine


@pytest.mark.parametrize("content", ["87\n", "87", "  87 \n\n"])
def test_line_without_white_space(content: str) -> None:
    assert read_line(machine({"/x": content}).storage, "/x") == "87"


@pytest.mark.parametrize("content", [b"", b"\n", b"1\n2\n", b"\xff", "é".encode()])
def test_file_without_exactly_one_line_is_an_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"^/x: not one line of ASCII text$"):
        read_line(machine({"/x": content}).storage, "/x")


def test_missing_file_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        read_line(machine().storage, "/x")
