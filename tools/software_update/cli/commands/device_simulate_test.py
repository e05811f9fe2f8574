"""Tests of `device simulate`."""

import json
from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing.command import call, done, failed

SCRIPT = "# An update.\noffer one\ncheck\nanswer yes through restart\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.bundle").write_bytes(e.bundle({"app": b"1"}, version=1))
    (tmp_path / "root.pb").write_bytes(e.signed(e.root(), e.ROOT_KEY))
    (tmp_path / "script.txt").write_text(SCRIPT)
    return tmp_path


def command(folder: Path, *more: str) -> list[str]:
    return [
        "device",
        "simulate",
        f"{folder}/script.txt",
        f"--trusted-root={folder}/root.pb",
        f"--bundle={folder}/one.bundle",
        *more,
    ]


def test_results_are_printed_below_their_commands(folder: Path) -> None:
    printed = done(*command(folder)).out
    assert printed.startswith("# An update.\noffer one\n")
    assert "  UPDATED: main 1 is installed\n" in printed


def test_renewed_script_passes_its_own_test(folder: Path) -> None:
    script = f"{folder}/script.txt"
    done(*command(folder, "-o", script))
    assert done(*command(folder, "--test")).out == ""
    done(*command(folder, "-o", script))
    assert done(*command(folder, "--test")).out == ""


def test_other_result_is_shown_with_the_command_that_renews_it(folder: Path) -> None:
    result = call(*command(folder, "--test", "--renew-with=make it new"))
    assert result.status == 4
    assert "+  UPDATED: main 1 is installed\n" in result.out
    assert result.err.endswith(
        "script.txt: differs from what the device did; if that is intended, renew it with: make it new\n"
    )


def test_json(folder: Path) -> None:
    document = json.loads(done(*command(folder, "--json")).out)
    assert document["schema"] == "software_update.device_transcript.v1"
    assert document["as_expected"] is False
    assert document["lines"][1] == "offer one"


def test_two_bundles_of_one_name_are_an_error(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more/one.bundle").write_bytes(b"")
    error = failed(2, *command(folder, f"--bundle={folder}/more/one.bundle"))
    assert "two bundles have the name 'one'; rename the file of one" in error


def test_mistake_in_the_script_is_an_error(folder: Path) -> None:
    (folder / "script.txt").write_text("offer two\n")
    error = failed(3, *command(folder))
    assert error.endswith("script.txt:1: no bundle is called 'two'; there are one")
