"""Tests of arguments.py."""

import argparse
import json
import os
from pathlib import Path

import pytest

from software_update.base.errors import UsageError
from software_update.cli.options.arguments import report_pigweed
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import (
    done,
    failed,
)
from software_update.testing.workspace import APP, CONTENTS, check_fails, create_args

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


@pytest.mark.parametrize(
    ("content", "version"),
    [
        ("7", 7),
        (" 7 \n", 7),
        ("4294967295\n", 2**32 - 1),
        ("", None),
        ("0", None),
        ("seven", None),
        ("7 8", None),
        ("7" + " " * 100 + "8", None),
        ("\u0667", None),
        ("4294967296", None),
    ],
)
def test_version_files(folder: Path, content: str, version: int | None) -> None:
    (folder / "v").write_text(content)
    args = [each for each in create_args(folder) if not each.startswith("--version")]
    args += ["--version-file", f"{folder}/v"]
    if version is None:
        check_fails(folder, 3, f"{folder}/v: ", *args)
    else:
        done(*args)
        assert (folder / "out.bundle").read_bytes() == e.bundle(CONTENTS, version=version)


@pytest.mark.parametrize(
    ("kind", "problem"), [("fifo", "not a regular file"), ("folder", "is a folder; give a file")]
)
def test_a_version_file_that_is_none(folder: Path, kind: str, problem: str) -> None:
    os.mkfifo(folder / "fifo")
    (folder / "folder").mkdir()
    args = [each for each in create_args(folder) if not each.startswith("--version")]
    check_fails(folder, 3, problem, *args, "--version-file", f"{folder}/{kind}")


def test_version_file_with_a_byte_order_mark(folder: Path) -> None:
    args = [each for each in create_args(folder) if not each.startswith("--version")]
    path = folder / "version.txt"
    for content, problem in (
        ("7\r\n".encode("utf-16"), "is UTF-16 text"),
        ("7".encode("utf-8-sig"), "starts with a UTF-8 byte order mark"),
    ):
        path.write_bytes(content)
        text = f"{path}: {problem}; save it as UTF-8 without a byte order mark, for example with: "
        check_fails(folder, 3, text, *args, f"--version-file={path}")


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
