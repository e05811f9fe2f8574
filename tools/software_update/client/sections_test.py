"""Tests of reading tables of options."""

from typing import Any

import pytest

from software_update.client.sections import Option, Section, Shape, Type, read_section
from software_update.client.values import NAME, integer

NUMBER = Option("number", integer(0, 9), "A number.", 5)
TEXT = Option("text", NAME, "A text.")
PLAIN = Section("", "", [NUMBER, TEXT, Option("more", NAME, "More.", None)])
TYPED = Section("", "", [NUMBER], {"named": Type("", [TEXT]), "empty": Type("", [])})


def nested(shape: Shape) -> Section:
    return Section("", "", [Option("inner", Section("", "", [TEXT], shape=shape))])


def test_defaults() -> None:
    read = read_section(PLAIN, {"text": "a"}, "")
    assert read == ({"number": 5, "text": "a", "more": None}, [])


def test_every_problem_is_a_line_with_its_place() -> None:
    _, problems = read_section(PLAIN, {"number": "x", "\x1b": 1}, "top")
    assert problems == [
        r"top.\x1b: unknown option; the options here are more, number, text",
        "top.number: must be an integer from 0 to 9",
        "top.text: is missing",
    ]


def test_type_selects_options() -> None:
    read = read_section(TYPED, {"type": "named", "text": "a"}, "")
    assert read == ({"type": "named", "number": 5, "options": {"text": "a"}}, [])
    read = read_section(TYPED, {"type": "empty", "number": 1}, "")
    assert read == ({"type": "empty", "number": 1, "options": {}}, [])


@pytest.mark.parametrize(
    "value, problem",
    [
        ({}, "boot.type: must be one of named, empty"),
        ({"type": "other", "text": "a"}, "boot.type: must be one of named, empty"),
        ({"type": ["named"]}, "boot.type: must be one of named, empty"),
        ({"type": "empty", "text": "a"}, "boot.text: unknown option; the options here are number"),
        ({"type": "named"}, "boot.text: is missing"),
        ([], "boot: must be a table"),
        ("named", "boot: must be a table"),
    ],
)
def test_bad_tables_with_a_type(value: Any, problem: str) -> None:
    assert read_section(TYPED, value, "boot")[1] == [problem]


def test_list_of_tables() -> None:
    section = nested(Shape.LIST)
    read = read_section(section, {"inner": [{"text": "a"}, {"text": "b"}]}, "")
    assert read == ({"inner": ({"text": "a"}, {"text": "b"})}, [])
    _, problems = read_section(section, {"inner": [{"text": "a"}, {}]}, "top")
    assert problems == ["top.inner[1].text: is missing"]


@pytest.mark.parametrize("value", [[], {}, {"text": "a"}, "a"])
def test_other_value_in_place_of_a_list_of_tables(value: Any) -> None:
    _, problems = read_section(nested(Shape.LIST), {"inner": value}, "")
    assert problems == ["inner: must be a list of one or more tables"]


def test_tables_by_name() -> None:
    section = nested(Shape.NAMED)
    read = read_section(section, {"inner": {"x": {"text": "a"}, "y": {"text": "b"}}}, "")
    assert read == ({"inner": {"x": {"text": "a"}, "y": {"text": "b"}}}, [])
    _, problems = read_section(section, {"inner": {"x": {}, "a b": {"text": "b"}}}, "")
    assert problems == [
        "inner: 'a b' must be a name of letters, digits, '_', '.' and '-'",
        "inner.x.text: is missing",
    ]


@pytest.mark.parametrize("value", [[], {}, "a"])
def test_other_value_in_place_of_tables_by_name(value: Any) -> None:
    _, problems = read_section(nested(Shape.NAMED), {"inner": value}, "")
    assert problems == ["inner: must be a table with one or more named tables"]
