"""Tests of the site's files: links, anchors, other hosts, and the same bytes in each build."""

import hashlib
import os
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

SITE, AGAIN = Path(os.environ["SITE"]), Path(os.environ["AGAIN"])
# Attributes whose file a browser fetches by itself, and those that a reader follows.
_FETCHED = {"img": "src", "script": "src", "iframe": "src", "object": "data", "source": "src"}


class _Page(HTMLParser):
    """The links, fetched addresses and anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name: value or "" for name, value in attrs}
        self.anchors |= {names[each] for each in ("id", "name") if each in names}
        if tag == "a" and "href" in names:
            self.links.append(names["href"])
        elif tag == "link":
            self.fetched.append(names["href"])
        elif names.get(_FETCHED.get(tag, "")):
            self.fetched.append(names[_FETCHED[tag]])


@cache
def read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def pages() -> list[Path]:
    found = sorted(SITE.rglob("*.html"))
    assert len(found) > 150
    return found


def test_every_link_and_anchor_leads_somewhere() -> None:
    broken = []
    links = 0
    for page in pages():
        for link in read(page).links + read(page).fetched:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            # The page for missing pages may be shown at any address.
            base = SITE if parts.path.startswith("/") else page.parent
            target = base / unquote(parts.path.lstrip("/")) if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            links += 1
            if not target.is_file():
                broken.append(f"{page.relative_to(SITE)}: {link}")
            elif parts.fragment and unquote(parts.fragment) not in read(target).anchors:
                broken.append(f"{page.relative_to(SITE)}: {link}: no such anchor")
    assert broken == []
    assert links > 5000


def test_browser_fetches_nothing_from_another_host() -> None:
    outside = {
        f"{page.relative_to(SITE)}: {each}"
        for page in pages()
        for each in read(page).fetched
        if urlsplit(each).scheme not in ("", "data") or urlsplit(each).netloc
    }
    assert outside == set()
    for sheet in SITE.rglob("*.css"):
        assert re.findall(r"url\(\s*[\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")) == []
    for page in pages():
        assert "Content-Security-Policy" in page.read_text(encoding="utf-8")


def test_two_builds_give_the_same_bytes() -> None:
    assert SITE != AGAIN
    assert _digests(SITE) == _digests(AGAIN)


def _digests(folder: Path) -> dict[str, str]:
    files = [each for each in folder.rglob("*") if each.is_file()]
    return {
        str(each.relative_to(folder)): hashlib.sha256(each.read_bytes()).hexdigest()
        for each in files
    }
