"""Tests of text.py."""

from software_update.cli.repository import text
from software_update.format.catalog import CatalogEntry
from software_update.format.rollout import Rollout
from software_update.repository.add import Added, Addition
from software_update.repository.publication import Published

ENTRY = CatalogEntry("m\x1beter", "1.0", 1, "ab" * 32, 5)


def test_untrusted_names_are_escaped() -> None:
    added = Added("m/s/1.0.bundle", ENTRY, 7, "cd" * 32, True)
    lines = text.added_lines(Addition([added], ["m/s/0.9.bundle"], Published({"a": 2}, 3, 4)))
    assert lines == [
        r"m\x1beter 1.0: added as m/s/1.0.bundle, 7 bytes",
        "moved to the archive: m/s/0.9.bundle",
        "published: a 2, snapshot 3, timestamp 4",
    ]


def test_restored_bundle_is_named() -> None:
    added = Added("m/s/1.0.bundle", ENTRY, 7, "cd" * 32, False, True)
    assert text.added_lines(Addition([added], [], None)) == [
        r"m\x1beter 1.0: was missing, and is restored as m/s/1.0.bundle, 7 bytes",
        "nothing is new; nothing is published",
    ]


def test_many_bins_are_counted() -> None:
    published = Published({f"archive-0{number}": 2 for number in range(5)} | {"targets": 7}, 3, 4)
    assert text.published_lines(published) == [
        "published: 5 bins of the archive, targets 7, snapshot 3, timestamp 4"
    ]


def test_rules_as_text() -> None:
    halted = Rollout("ab" * 32, (), True, "it\nblinks")
    assert text.rollout_text(halted) == (
        r"halted (it\nblinks); no bands: only people who ask install it"
    )
    assert text.missing_lines([]) == ["all signatures are there"]


def test_documents() -> None:
    roles = [{"role": "snapshot", "version": 3}, {"role": "timestamp", "version": 4}]
    assert text.published_document(Published({}, 3, 4))["roles"] == roles
    assert text.added_document(Addition([], [], None))["roles"] == []
