"""Tests of the words of the page."""

import string

import pytest

from software_update.disclosure.page_labels import LANGUAGES, labels_in
from software_update.format.claims import AREAS, CONFINED_BY, REACH
from software_update.format.release_manifest import KINDS, SEVERITIES

ENGLISH = LANGUAGES["en"]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_all_labels_with_the_same_fields(language: str) -> None:
    labels = LANGUAGES[language]
    assert list(labels) == list(ENGLISH)
    for key, text in labels.items():
        assert text.strip() == text != "", key
        assert fields(text) == fields(ENGLISH[key]), key


def test_every_word_of_a_release_has_a_label() -> None:
    assert {*KINDS, *SEVERITIES} <= ENGLISH.keys()
    for member, words in (("area", AREAS), ("reach", REACH), ("confined_by", CONFINED_BY)):
        assert {f"{member}_{word}" for word in words} <= ENGLISH.keys()


@pytest.mark.parametrize(
    ("wanted", "found"), [("de", "de"), ("DE-at", "de"), ("en-GB", "en"), ("ja", "en"), ("", "en")]
)
def test_labels_in_the_language_of_the_reader(wanted: str, found: str) -> None:
    assert labels_in(wanted) == (found, LANGUAGES[found])
