"""Tests of the limits of a content that is described as lines."""

import itertools

import pytest

from software_update.disclosure.lines import MAX_CHARACTERS, MAX_LINES, TooLong, bounded


def test_as_many_lines_as_allowed() -> None:
    assert len(bounded(itertools.repeat("", MAX_LINES))) == MAX_LINES
    with pytest.raises(TooLong, match="is too long to compare"):
        bounded(itertools.repeat(""))


def test_as_many_characters_as_allowed() -> None:
    line = "x" * (MAX_CHARACTERS // 2)
    assert len(bounded(iter([line, line]))) == 2
    with pytest.raises(TooLong):
        bounded(iter([line, line, "x"]))
