"""Tests of values.py."""

import argparse
import os
from pathlib import Path

import pytest

from software_update.base.errors import InputError, UsageError
from software_update.cli.options import values
from software_update.cli.options.arguments import Parser, parse_integer
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import done
from software_update.testing.workspace import CONTENTS, check_fails, create_args


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def parsed(*args: str) -> argparse.Namespace:
    parser = Parser("make", "Makes a thing.")
    values.add_value(parser, "size-class", metavar="N", about="the size class")
    return parser.parse_args(args)


def size_class(*args: str) -> int | None:
    def parse(text: str, what: str) -> int:
        return parse_integer(text, what, "size class")

    return values.value_of(parsed(*args), "size-class", parse)


def test_value_as_an_argument_or_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "size").write_text("7\n")
    assert size_class() is None
    assert size_class("--size-class=7") == 7
    assert size_class(f"--size-class-file={tmp_path}/size") == 7
    with pytest.raises(UsageError, match="not allowed with argument"):
        parsed("--size-class=7", f"--size-class-file={tmp_path}/size")


def test_wrong_value_names_its_place(tmp_path: Path) -> None:
    path = tmp_path / "size"
    path.write_text("large\n")
    problem = "'large' is not a size class; write an integer from 1 to 4294967295"
    with pytest.raises(UsageError) as of_option:
        size_class("--size-class=large")
    assert str(of_option.value) == f"--size-class: {problem}"
    with pytest.raises(InputError) as of_file:
        size_class(f"--size-class-file={path}")
    assert str(of_file.value) == f"{path}: {problem}"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty; write one line with the value"),
        (b" \r\n\n", "empty; write one line with the value"),
        (b"7\n8\n", "has more than one line; write only the value"),
        (b"7\r8", "has more than one line; write only the value"),
        ("7\u20288".encode(), "has more than one line; write only the value"),
        (b"\xff", "not UTF-8; save it as UTF-8"),
        (b"7" * 1025, "larger than 1024 bytes; check that it is the right file"),
    ],
)
def test_file_that_does_not_contain_one_line(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "size"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        size_class(f"--size-class-file={path}")
    assert str(caught.value) == f"{path}: {problem}"


def test_expires_files(folder: Path) -> None:
    path = folder / "expires"
    path.write_text("2031-01-01T00:00:00Z\n")
    args = [*create_args(folder), f"--expires-file={path}"]
    done(*args)
    in_file = (folder / "out.bundle").read_bytes()
    done(*create_args(folder), "--expires=2031-01-01T00:00:00Z")
    assert in_file == (folder / "out.bundle").read_bytes()
    (folder / "out.bundle").unlink()
    path.write_text("2031-02-29T00:00:00Z\n")
    problem = "'2031-02-29T00:00:00Z' is not a date; write it as 2031-01-01T00:00:00Z (UTC)"
    check_fails(folder, 3, f"{path}: {problem}", *args)


def test_bundle_create_never_replaces_a_file_with_a_value(folder: Path) -> None:
    path = folder / "out.bundle"
    path.write_text("2031-01-01T00:00:00Z\n")
    args = [*create_args(folder), f"--expires-file={path}"]
    check_fails(folder, 2, f"{path}: the output would replace the input", *args)


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
def test_rejects_a_file_without_a_version(folder: Path, kind: str, problem: str) -> None:
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
