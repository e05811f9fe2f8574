"""Tests of device limits, as a command."""

from pathlib import Path

from software_update.testing.command import done, failed

LIMITS = '{"schema": "software_update.device_limits.v1", "targets": 3}'


def test_header(tmp_path: Path) -> None:
    (tmp_path / "limits.json").write_text(LIMITS)
    result = done("device", "limits", tmp_path / "limits.json", "-o", tmp_path / "my_limits.h")
    assert (result.out, result.err) == ("", "")
    header = (tmp_path / "my_limits.h").read_text()
    assert "struct MyLimits {" in header
    assert "uint32_t kTargets = 3;" in header


def test_same_header_in_every_folder(tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "limits.json").write_text(LIMITS)
        done("device", "limits", folder / "limits.json", "-o", folder / "limits.h")
    assert (tmp_path / "a/limits.h").read_bytes() == (tmp_path / "b/limits.h").read_bytes()


def test_errors(tmp_path: Path) -> None:
    limits = tmp_path / "limits.json"
    limits.write_text(LIMITS)
    command = ["device", "limits", f"{limits}", "-o"]
    assert "names no struct" in failed(2, *command, f"{tmp_path}/limits.hpp")
    limits.write_text('{"schema": "software_update.device_limits.v1", "targets": 0}')
    text = failed(3, *command, f"{tmp_path}/limits.h")
    assert text == f"{limits}: targets needs an integer from 1 to 65536"
    assert not (tmp_path / "limits.h").exists()
