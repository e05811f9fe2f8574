"""Checks that text follows docs/style.md, as far as a list of words can do it: .ci/words.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from run import TOP, CheckError, Run, report

WORDS = TOP / ".ci/words.toml"
# Files that no person writes.
GENERATED = re.compile(r"(_pb2\.pyi?|\.svg|\.bundle|\.pb)$|^tools/python/\w+\.txt$")
DOCSTRING = re.compile(r'^[ \t]*(?:doc = )?"""(.*)', re.MULTILINE)
TEST_NAME = re.compile(r"^[ \t]*def test_(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Phrase:
    """A pattern that text must not contain, and advice for the author."""

    pattern: re.Pattern[str]
    place: str
    instead: str
    bad: str
    good: str


def plain_words(run: Run) -> None:
    """No file uses a phrase of .ci/words.toml."""
    phrases, exempt = read_words(WORDS)
    bad = []
    for name in run.tracked():
        path = TOP / name
        if name in exempt or GENERATED.search(name) or path.is_symlink() or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        bad += [f"{name}:{each}" for each in find_phrases(text, phrases)]
    report(bad)


def read_words(path: Path) -> tuple[list[Phrase], list[str]]:
    """Returns the phrases of a list and the files that it exempts.

    Raises CheckError if a phrase does not match its bad example, or matches its good one.
    """
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    phrases = []
    for each in content["phrase"]:
        # A phrase may continue on the next line, also of a comment.
        spaces = each["pattern"].replace(" ", r"(?:[ \t]+|[ \t]*\n[ \t]*(?:#+ )?)")
        pattern = re.compile(spaces, re.IGNORECASE)
        if not pattern.search(each["bad"]) or pattern.search(each["good"]):
            raise CheckError(f"{path.name}: {each['pattern']} does not fit its examples")
        phrases.append(Phrase(pattern, each["in"], each["instead"], each["bad"], each["good"]))
    return phrases, content["exempt"]


def find_phrases(text: str, phrases: list[Phrase]) -> Iterator[str]:
    """Yields `LINE: the words; advice` for each phrase in a text."""
    places = {
        "text": [(0, text)],
        "docstring": [(each.start(1), each[1]) for each in DOCSTRING.finditer(text)],
        "test name": [
            (each.start(1), each[1].replace("_", " ")) for each in TEST_NAME.finditer(text)
        ],
    }
    for phrase in phrases:
        for start, part in places[phrase.place]:
            for match in phrase.pattern.finditer(part):
                line = text.count("\n", 0, start + match.start()) + 1
                words = " ".join(match[0].split())
                yield f"{line}: {words!r} in a {phrase.place}; use {phrase.instead}"
