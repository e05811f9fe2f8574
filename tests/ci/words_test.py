"""Tests that .ci/checks/words.py finds each phrase of .ci/words.toml in files of a tree."""

import sys
from pathlib import Path

import pytest

_CHECKS = Path(".ci/checks").absolute()
sys.path.insert(0, str(_CHECKS))

import words  # noqa: E402
from run import CheckError, Count, Run  # noqa: E402

WORDS = Path(".ci/words.toml").absolute()
PHRASES, _ = words.read_words(WORDS)


class Tree(Run):
    """A run of CI over the files of a folder, `scratch`."""

    def tracked(self, *_: str) -> list[str]:
        files = (path for path in self.scratch.rglob("*") if path.is_file())
        return [str(path.relative_to(self.scratch)) for path in files]


@pytest.fixture(name="tree")
def tree_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Makes a tree with one clean page, which the check reads instead of the real tree."""
    (tmp_path / "page.md").write_text("The verifier rejects a bundle that lists a target twice.\n")
    monkeypatch.setattr(words, "TOP", tmp_path)
    monkeypatch.setattr(words, "WORDS", WORDS)
    return Tree(tmp_path, {}, 0.0, Count())


def text_with(phrase: words.Phrase, words_: str) -> str:
    """Returns Python that contains the words in the place that the phrase is about."""
    name = words_.replace(" ", "_").replace(".", "_")
    return {
        "text": f"# A comment.\n# {words_}.\n",
        "docstring": f'def f() -> None:\n    """{words_}"""\n',
        "test name": f"def test_{name}() -> None: ...\n",
    }[phrase.place]


def test_a_clean_tree_passes(tree: Tree) -> None:
    words.plain_words(tree)


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: f"{phrase.bad} in a {phrase.place}")
def test_a_planted_phrase_is_found(tree: Tree, phrase: words.Phrase) -> None:
    planted = tree.scratch / "code.py"
    planted.write_text(text_with(phrase, phrase.bad))
    with pytest.raises(CheckError, match=rf"^code\.py:[12]: .* in a {phrase.place}; use "):
        words.plain_words(tree)
    planted.write_text(text_with(phrase, phrase.good))
    words.plain_words(tree)


def test_a_phrase_is_found_across_lines_of_a_comment(tree: Tree) -> None:
    (tree.scratch / "code.py").write_text("# This file is\n# no key.\n")
    with pytest.raises(CheckError, match=r"^code\.py:1: 'is # no' in a text; use "):
        words.plain_words(tree)


@pytest.mark.parametrize("name", ["docs/style.md", "picture.svg"])
def test_exempt_and_generated_files_may_contain_phrases(tree: Tree, name: str) -> None:
    path = tree.scratch / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{PHRASES[0].bad}\n")
    words.plain_words(tree)


def test_a_phrase_that_misses_its_example_is_an_error(tmp_path: Path) -> None:
    lists = tmp_path / "words.toml"
    lists.write_text(
        'exempt = []\n[[phrase]]\npattern = "a"\nin = "text"\ninstead = "c"\nbad = "b"\ngood = "d"\n'
    )
    with pytest.raises(CheckError, match="does not fit its examples"):
        words.read_words(lists)
