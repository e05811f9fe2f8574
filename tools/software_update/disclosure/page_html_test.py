"""Tests of the page of a release as HTML: text of a bundle stays text, and the page needs nothing else."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from software_update.disclosure.page import (
    PageComponent,
    PageFile,
    PageMaterial,
    PageProof,
    PageProvenance,
    PageSbom,
    ReleasePage,
)
from software_update.disclosure.page_html import STYLE, page_html, policy
from software_update.disclosure.page_of_release import page_of_release
from software_update.disclosure.page_sections import layout
from software_update.format.claims import Claims, TargetClaim
from software_update.format.release_manifest import Advisory, ReleaseManifest
from software_update.testing.pages import RELEASE, disclosed, page

HOSTILE = [
    "<script>alert(1)</script>",
    "</blockquote></main><img src=x onerror=alert(1)>",
    "\" onmouseover='alert(1)' x=\"",
    "&lt;script&gt;&#60;b&#62;&amp",
    "<!-- --><style>*{display:none}</style>",
    "]]><svg onload=alert(1)>",
    "\u202egnp.exe\u2066\u200b\ufeff",
    "\x00\x1b[2J\r\n\x85\u2028\ud800",
    "</title><base href=//evil.example>",
]


class Reader(HTMLParser):
    """Reads the elements, the attributes and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def of(text: str) -> ReleasePage:
    """Returns the page of a release with a text in each place that its vendor can fill freely."""
    release = ReleaseManifest(
        text,
        text,
        2,
        hardware_ids=(text,),
        notes=text,
        advisories=(Advisory(text, "high", text, text),),
        unavailable_functions=(text,),
    )
    claims = Claims((TargetClaim("app", text[:64], "application"),))
    shown = page_of_release(disclosed(release), is_verified=True, file=text, not_checked=(text,))
    files = (
        PageFile(
            text,
            1,
            "aa",
            True,
            True,
            contents=PageSbom(text, 9, (PageComponent(text, text, text),)),
        ),
        PageFile(
            text,
            1,
            "aa",
            False,
            True,
            contents=PageProvenance(
                text, text, (text, text), text, 9, (PageMaterial(text, text),), is_signed=True
            ),
        ),
    )
    proof = PageProof(text, 1, 2, (text, text))
    proven = PageFile(text, 1, "aa", is_listed=False, is_here=True, contents=proof)
    return shown._replace(
        claims=claims, commands=(("check_inspect", text),), files=(*files, proven)
    )


HARMLESS = Reader(page_html(layout(of("harmless"))))


def check_harmless(text: str) -> Reader:
    """Checks that a page with the text has exactly the elements of a page with another text."""
    html = page_html(layout(of(text)))
    found = Reader(html)
    assert found.elements == HARMLESS.elements
    assert len(found.texts) == len(HARMLESS.texts)
    for each in found.texts:
        assert each == STYLE or all(line.isprintable() for line in each.split("\n"))
    html.encode()
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(text: str) -> None:
    check_harmless(text)


@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=64).filter(str.strip))
def test_any_text_stays_text(text: str) -> None:
    check_harmless(text)


def test_long_notes_are_shown_whole() -> None:
    notes = "<b>" * (1024 * 1024 // 3)
    html = page_html(layout(page(manifest=RELEASE._replace(notes=notes))))
    assert notes.replace("<", "&lt;").replace(">", "&gt;") in html
    assert "<b>" not in html


def test_words_of_the_bundle_cannot_turn_the_text_round_them() -> None:
    """Letters that are written from right to left are not invisible, so their element isolates them."""
    html = page_html(layout(of("שלום")))
    assert re.search(r'<blockquote lang="" dir="auto">שלום</blockquote>', html)
    for place in re.finditer("שלום", html):
        before = html[: place.start()]
        opened = re.findall(r"<(bdi|blockquote|code|title)\b", before)
        closed = re.findall(r"</(bdi|blockquote|code|title)>", before)
        assert len(opened) == len(closed) + 1


def test_policy_allows_only_the_style_of_the_page() -> None:
    html = page_html(layout(page()))
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy() == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    stated = dict(Reader(html).elements[3][1])
    assert stated == {"http-equiv": "Content-Security-Policy", "content": policy()}
    assert html.index("Content-Security-Policy") < html.index("<style>")


def test_page_refers_to_nothing() -> None:
    html = page_html(layout(page()))
    tags = {tag for tag, _ in Reader(html).elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "form", "a", "base"}
    names = {name for _, attributes in Reader(html).elements for name, _ in attributes}
    assert names == {
        *("lang", "charset", "http-equiv", "content", "name", "class", "aria-labelledby"),
        *("id", "scope", "dir"),
    }
    assert "url(" not in html
    assert "@import" not in html


def test_page_is_the_same_in_every_run() -> None:
    assert page_html(layout(page())) == page_html(layout(page()))


def test_languages_are_marked() -> None:
    html = page_html(layout(page(), "de"))
    assert '<html lang="de">' in html
    assert '<blockquote lang="de" dir="auto">Die Lampe' in html
    assert '<bdi lang="de">Licht</bdi>' in html
    assert '<bdi lang="">blinky-1</bdi>' in html


def test_form_of_a_page_that_asks() -> None:
    html = page_html(layout(page()), "<form>?</form>", "'self'")
    assert html.index("</h1>") < html.index("<form>?</form>") < html.index("<section")
    assert "form-action &#x27;self&#x27;" in html


def test_an_element_of_each_kind() -> None:
    shown = page(is_verified=False, commands=(("check_inspect", "inspect a.bundle"),))
    html = page_html(layout(shown))
    assert '<p class="notice alert"><strong>NOT VERIFIED</strong>' in html
    assert '<th scope="col">Target</th>' in html
    assert "<code>inspect a.bundle</code>" in html
    assert html.count("<h1>") == 1
    assert RELEASE.product in html
