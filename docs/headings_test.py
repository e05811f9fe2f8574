"""Tests that each heading of the documentation of `pw_software_update` has a page here."""

import os
import re
from pathlib import Path

import pytest

PAGE = Path("docs/explanation/headings.md")
# The headings that the documentation of pw_software_update has or promises, also those that it left open.
HEADINGS = (
    "goals",
    "experience: development, release engineering, hardware operations, factory, metrics, launch",
    "system overview: vendor, consumer, choice",
    "threats",
    "security: how trust is created, delivered and kept",
    "security model: authentication",
    "security model: authorization",
    "security model: transparency",
    "deployment model",
    "getting started",
    "developer guides",
    "POUF",
    "update serving",
    "update consumption",
    "requesting a security review",
    "bundle format",
    "manifesting",
    "key management",
    "signing",
    "building",
    "testing",
    "device provisioning",
    "device verification flow",
    "verified boot",
    "A/B",
    "delta",
    "revocation",
    "stepping stones",
)


def rows() -> dict[str, list[str]]:
    """Returns the headings of the page's table, each with the targets of its links."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| "):
            heading, pages = line.strip("|").split("|")
            found[heading.strip()] = re.findall(r"\]\(([^)]+)\)", pages)
    del found["heading"]
    return found


def test_each_heading_has_a_row() -> None:
    assert list(rows()) == list(HEADINGS)


@pytest.mark.parametrize("heading", HEADINGS)
def test_each_row_links_pages_that_exist(heading: str) -> None:
    links = rows()[heading]
    assert links
    for link in links:
        page = Path(os.path.normpath(PAGE.parent / link.partition("#")[0]))
        assert page.parts[0] == "docs", link
        assert page.is_file(), link


def test_the_page_is_in_the_table_of_all_pages() -> None:
    index = Path("docs/README.md").read_text(encoding="utf-8")
    assert "(explanation/headings.md)" in index
