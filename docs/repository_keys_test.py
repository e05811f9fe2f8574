"""Tests that the page about the keys of a repository names tests that exist, and the lifetimes that count."""

import re
from pathlib import Path

from software_update.repository.names import Lifetimes

PAGE = Path("docs/explanation/repository_keys.md").read_text(encoding="utf-8")
TESTS = Path("tests/serving")
DAY = 24 * 60 * 60


def test_each_test_on_the_page_exists() -> None:
    named = re.findall(r"`(\w+\.py)::(\w+)`", PAGE)
    assert len(named) >= 9
    for file, name in named:
        assert f"def {name}(" in (TESTS / file).read_text(encoding="utf-8"), name


def test_each_test_about_thieves_belongs_to_a_row() -> None:
    keys = (
        "snapshot",
        "rollout",
        "targets",
        "root",
        "list_or_rules",
        "versions",
        "next_root",
        "product",
    )
    names = re.findall(
        r"^def test_(\w+)", (TESTS / "thieves_test.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert all(name.startswith(keys) for name in names)


def test_lifetimes_are_the_defaults() -> None:
    lifetimes = Lifetimes()
    assert lifetimes.timestamp == DAY
    assert "unnoticed until the timestamp expires: 1 day" in PAGE
    assert lifetimes.targets == lifetimes.rollout == 90 * DAY
    assert "unnoticed until the lists expire: 90 days" in PAGE
