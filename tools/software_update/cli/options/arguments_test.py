"""Tests of arguments.py."""

import argparse
import json
from pathlib import Path

import pytest

from software_update.base.errors import UsageError
from software_update.cli.options.arguments import report_pigweed
from software_update.testing import workspace
from software_update.testing.command import done, failed
from software_update.testing.workspace import APP

PROBLEMS = ["first: too long; shorten it", "second: too long; shorten it"]


def test_problems_of_pigweed_are_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    report_pigweed(argparse.Namespace(strict_pigweed=False), PROBLEMS)
    assert capsys.readouterr().err == "".join(
        f"software-update: warning: {problem}\n" for problem in PROBLEMS
    )


def test_first_problem_of_pigweed_is_an_error_if_strict(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError) as caught:
        report_pigweed(argparse.Namespace(strict_pigweed=True), PROBLEMS)
    assert str(caught.value) == PROBLEMS[0]
    assert capsys.readouterr().err == ""


def test_strict_without_a_problem_passes() -> None:
    report_pigweed(argparse.Namespace(strict_pigweed=True), [])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_files_of_arguments(folder: Path) -> None:
    (folder / "args").write_text(f"--target\na={folder}/app.bin\n-o\n{folder}/o\n")
    done("step", "digest", f"@{folder}/args")
    assert json.loads((folder / "o").read_bytes())["targets"][0]["name"] == "a"
    assert "absent: No such file" in failed(3, "step", "digest", f"@{folder}/absent")
    odd = folder / "a\x0cb\u2028c @ d=e"
    odd.write_bytes(APP)
    (folder / "args").write_text(f"-o\n{folder}/o\n--target\nb={odd}")
    done("step", "digest", f"@{folder}/args", "--target", f"a={folder}/app.bin")
    assert [each["name"] for each in json.loads((folder / "o").read_bytes())["targets"]] == [
        "a",
        "b",
    ]
    (folder / "empty").write_bytes(b"")
    done("step", "digest", f"@{folder}/empty", f"@{folder}/args")


def test_argument_files_with_another_encoding(folder: Path) -> None:
    args = folder / "args"
    for content, text in (
        (b"\xef\xbb\xbf--help", "starts with a UTF-8 byte order mark; save it as UTF-8 without"),
        (
            "--help".encode("utf-16-le"),
            "is UTF-16LE text; save it as UTF-8 without a byte order mark",
        ),
        (b"--dev-signing-key\na\0b", "contains a zero byte; write one argument a line"),
    ):
        args.write_bytes(content)
        assert failed(3, "step", "sign", f"@{args}").startswith(f"{args}: {text}")
    # Elsewhere it is a name like any other.
    assert "@x: No such file" in failed(3, "bundle", "inspect", "@x")
