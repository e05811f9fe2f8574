"""Tests of the description of contents, and of its formats that have no module of their own."""

import json

import pytest

from software_update.disclosure import device_tree
from software_update.disclosure.described import MAX_TEXT_BYTES, Description, describe
from software_update.disclosure.lines import MAX_LINES


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", [""]),
        (b"a\r\n\x1b[2Jb\x0c\n", ["a\r", "\x1b[2Jb\x0c", ""]),
        ("Schließe 電球".encode(), ["Schließe 電球"]),
        # Begins as JSON does, and is something else.
        (b"[section]\na = 1", ["[section]", "a = 1"]),
        (b'{"a": 1, "a": 2}', ['{"a": 1, "a": 2}']),
        (b"[" * 33 + b"]" * 33, ["[" * 33 + "]" * 33]),
    ],
)
def test_text(content: bytes, lines: list[str]) -> None:
    assert describe(content) == Description("text", lines)
    assert describe(content).context_lines == 3


@pytest.mark.parametrize("content", [b"\0", b"text\0", b"\xff\xfea\0", b"\x80"])
def test_binary(content: bytes) -> None:
    assert describe(content) == Description("binary", None)


def test_long_text_is_not_described() -> None:
    assert describe(b"x" * MAX_TEXT_BYTES).lines == ["x" * MAX_TEXT_BYTES]
    assert describe(b"x" * (MAX_TEXT_BYTES + 1)) == Description("binary", None)
    expected = Description("text", None, "is too long to compare")
    assert describe(b"\n" * MAX_LINES) == expected


def test_json_has_a_line_for_each_value() -> None:
    content = b' {"b": [1, {"c": "\\u001b[2J"}, []], "a": null, "d": {}, "e": [true]}'
    assert describe(content) == Description(
        "json",
        ["a = null", "b[] = 1", 'b[].c = "\\u001b[2J"', "b[] = []", "d = {}", "e[] = true"],
    )
    assert describe(content).context_lines == 0


def test_numbers_of_json_stay_as_they_are_written() -> None:
    content = b"[1.10, 123456789012345678901234567890, -0, 1e999]"
    lines = ["[] = 1.10", "[] = 123456789012345678901234567890", "[] = -0", "[] = 1e999"]
    assert describe(content).lines == lines


def test_long_keys_of_json_are_cut() -> None:
    assert describe(json.dumps({"k" * 65: {"k" * 64: 1}}).encode()).lines == [
        f"{'k' * 64}....{'k' * 64} = 1"
    ]


def test_json_whose_lines_are_long() -> None:
    value: object = 1
    for _ in range(30):
        value = {"k" * 64: value}
    assert describe(json.dumps([value] * 200).encode()).problem == ""
    assert describe(json.dumps([[value]] * 240).encode()).format == "json"
    many = json.dumps({"k" * 64: {"k" * 64: {"k" * 64: {"k" * 64: [1] * 30_000}}}}).encode()
    assert describe(many) == Description("json", None, "is too long to compare")


def test_device_tree_and_elf_that_cannot_be_read() -> None:
    tree = describe(device_tree.MAGIC)
    assert tree == Description("device_tree", None, "ends before its tree does")
    assert describe(b"\x7fELF") == Description("elf", None, "has an ELF header of an unknown class")


def test_elf_may_be_longer_than_text() -> None:
    assert describe(b"\x7fELF" + b"\0" * MAX_TEXT_BYTES).format == "elf"
