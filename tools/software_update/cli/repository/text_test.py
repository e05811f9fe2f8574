"""Tests of text.py."""

from software_update.cli.repository import text
from software_update.format.catalog import CatalogEntry
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


def test_documents() -> None:
    roles = [{"role": "snapshot", "version": 3}, {"role": "timestamp", "version": 4}]
    assert text.published_document(Published({}, 3, 4))["roles"] == roles
    assert text.added_document(Addition([], [], None))["roles"] == []
