"""Tests that links between the pages lead to a page and a heading that exist."""

import re
from pathlib import Path

import pytest

_DOCS = Path("docs").resolve()
_PAGES = sorted(_DOCS.rglob("*.md"))
_LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)")


def anchors(text: str) -> set[str]:
    """Returns the anchors that GitHub gives to the headings of a page."""
    without_code = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", without_code, re.MULTILINE)
    words = (re.sub(r"\]\([^)]*\)|[^\w\- ]", "", title).strip().lower() for title in titles)
    return {each.replace(" ", "-") for each in words}


def broken_links(page: Path) -> list[str]:
    """Returns the links of a page to other pages below `docs` that lead nowhere."""
    broken = []
    for file, anchor in _LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / file).resolve() if file else page
        if not target.is_relative_to(_DOCS):
            continue
        if not target.exists() or (
            anchor and anchor not in anchors(target.read_text(encoding="utf-8"))
        ):
            broken.append(f"{file}#{anchor}" if anchor else file)
    return broken


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(_DOCS)))
def test_links_lead_to_headings(page: Path) -> None:
    assert not broken_links(page)


def test_anchors() -> None:
    page = "# A *b* `c_d.v1`\n```sh\n# no heading\n```\n## C++: [x](y), `--z`\n"
    assert anchors(page) == {"a-b-c_dv1", "c-x---z"}
