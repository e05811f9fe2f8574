"""Tests that the pictures are those that the program draws, and that each is on a page."""

import copy
import re
import tomllib
from pathlib import Path
from typing import Any

import draw
import pytest

_DOCS = Path("docs")
_PAGES = {each: each.read_text(encoding="utf-8") for each in sorted(_DOCS.rglob("*.md"))}
_DRAWN = draw.pictures(_DOCS / "pictures")
_CONTENT = tomllib.loads((_DOCS / "pictures/files.toml").read_text(encoding="utf-8"))


def test_folder_has_what_the_program_draws() -> None:
    found = {
        each.name: each.read_text(encoding="utf-8") for each in (_DOCS / "pictures").glob("*.svg")
    }
    assert found == _DRAWN, "renew the pictures with: ./bazelw run //docs:pictures"
    assert len(found) >= 9


@pytest.mark.parametrize("name", _DRAWN)
def test_picture_is_on_a_page_under_its_title(name: str) -> None:
    [title] = re.findall('<title id="title">(.*)</title>', _DRAWN[name])
    shown = re.compile(rf"!\[{re.escape(title)}\]\([./]*pictures/{re.escape(name)}\)")
    assert any(shown.search(text) for text in _PAGES.values())


def test_picture_fetches_nothing() -> None:
    for text in _DRAWN.values():
        assert re.findall("(?:href|src|url|@import)", text) == []


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("boxes", 0, "text"), "x" * 40, "is wider than its box signer"),
        (("boxes", 0, "text"), "a\nb\nc\nd", "signer has too many lines"),
        (("boxes", 0, "at"), [0, 1.1], "build and signer overlap"),
        (("boxes", 0, "kind"), "odd", "signer is of the kind 'odd'"),
        (("arrows", 0, "from"), "missing", "an arrow names 'missing'"),
    ],
)
def test_fault_is_one_line(path: tuple[Any, ...], value: object, problem: str) -> None:
    content = copy.deepcopy(_CONTENT)
    where = content[path[0]][path[1]]
    where[path[2]] = value
    with pytest.raises(draw.PictureError, match=problem):
        draw.svg("files", content)
