"""Tests of the description of device trees."""

import struct

import pytest

from software_update.disclosure.device_tree import MAGIC, device_tree_lines
from software_update.disclosure.lines import Unreadable

BEGIN, END_NODE, PROPERTY, NOP, END = (struct.pack(">I", token) for token in (1, 2, 3, 4, 9))
STRINGS = b"compatible\0reg\0"
ROOT = BEGIN + b"\0\0\0\0"


def padded(content: bytes) -> bytes:
    return content + b"\0" * (-len(content) % 4)


def node(name: bytes) -> bytes:
    return BEGIN + padded(name + b"\0")


def prop(value: bytes, name: int = 0) -> bytes:
    return PROPERTY + struct.pack(">II", len(value), name) + padded(value)


def blob(structure: bytes, size: int | None = None) -> bytes:
    total = 40 + len(structure) + len(STRINGS)
    return (
        MAGIC
        + struct.pack(">9I", size or total, 40, 40 + len(structure), 0, 17, 16, 0, 0, 0)
        + structure
        + STRINGS
    )


def lines(structure: bytes) -> list[str]:
    return list(device_tree_lines(blob(structure)))


def test_nodes_and_properties() -> None:
    structure = (
        ROOT
        + prop(b"acme,board\0acme,soc\0")
        + NOP
        + node(b"uart@1000")
        + prop(struct.pack(">II", 0x1000, 16), 11)
        + prop(b"", 11)
        + prop(b"\1\2\3", 11)
        + END_NODE
        + END_NODE
        + END
    )
    assert lines(structure) == [
        "version 17",
        "node /",
        '/:compatible = "acme,board", "acme,soc"',
        "node /uart@1000",
        "/uart@1000:reg = <0x1000 0x10>",
        "/uart@1000:reg = <>",
        "/uart@1000:reg = [01 02 03]",
    ]


def test_long_values_have_a_digest() -> None:
    for value in (b"x" * 65, b"y" * 65):
        [line] = [each for each in lines(ROOT + prop(value) + END_NODE + END) if "=" in each]
        assert line.startswith("/:compatible = 65 bytes, sha256 ")
    assert "0x78787878" in lines(ROOT + prop(b"x" * 64) + END_NODE + END)[2]


def test_texts_with_control_characters_are_cells() -> None:
    assert lines(ROOT + prop(b"\x1b[2J\0\0\0\0") + END)[2] == "/:compatible = <0x1b5b324a 0x0>"
    assert lines(ROOT + prop(b"\x1b[\0") + END)[2] == "/:compatible = [1b 5b 00]"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (MAGIC, "ends before its tree does"),
        (blob(ROOT + END, 4096), "ends before its header says"),
        (blob(struct.pack(">I", 7)), "has an unknown token 7"),
        (blob(END_NODE), "ends a node that it did not begin"),
        (blob(ROOT + PROPERTY + struct.pack(">II", 4096, 0)), "ends in a property"),
        (blob(node(b"x" * 64) + END), "has a name of 64 bytes or more"),
        (blob(ROOT + prop(b"", 2**32 - 1) + END), "has a name of 64 bytes or more"),
        (blob(node(b"x") * 65 + END), "has nodes more than 64 deep"),
        (blob(b"")[: 40 + 3], "ends before its header says"),
    ],
)
def test_malformed_tree(content: bytes, problem: str) -> None:
    with pytest.raises(Unreadable, match=problem):
        list(device_tree_lines(content))


def test_tree_that_ends_in_its_structure() -> None:
    content = blob(ROOT)[: 40 + len(ROOT)]
    content = content[:4] + struct.pack(">I", len(content)) + content[8:]
    with pytest.raises(Unreadable, match="ends before its tree does"):
        list(device_tree_lines(content))


def test_nodes_of_64_levels() -> None:
    assert len(lines(node(b"x") * 64 + END)) == 65
