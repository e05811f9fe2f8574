"""Tests of device_limits.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.cli.options.device_limits import read_device_limits


def test_limits_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "limits.json"
    path.write_text('{"schema": "software_update.device_limits.v1", "targets": 3}')
    assert read_device_limits(str(path)).targets == 3


def test_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "limits.json"
    path.write_bytes(b" " * 64 * 1024 + b"{}")
    with pytest.raises(InputError, match=r"limits\.json"):
        read_device_limits(str(path))
