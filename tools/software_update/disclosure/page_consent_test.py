"""Tests of the HTML of the consent page."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from software_update.client.consent_form import Form, Offered
from software_update.client.question import LogFacts, Phase
from software_update.disclosure.page_consent import SCRIPT, ConsentPageWriter, page_of_offer
from software_update.format.claims import Claims
from software_update.format.metadata import Installed
from software_update.testing.pages import APP, BOOT, RELEASE, disclosed
from software_update.testing.questions import question

WRITER = ConsentPageWriter()
FORM = Form("/answer", "5ec2e7", "en")


def offered(**changes: object) -> Offered:
    """Returns an offer of a release that gains a power."""
    new = disclosed(RELEASE, Claims((APP._replace(reach=("actuators", "network")), BOOT)))
    old = disclosed(RELEASE._replace(version="1.0", counter=1), Claims((APP, BOOT)), app=b"old")
    releases = [Installed(each.targets, each.user_manifest, each.manifest) for each in (new, old)]
    values = {"product": "Blinky", "to_version": "1.1", "powers": ("network",)} | changes
    asked = question(**values)
    return Offered(asked, releases[0], releases[1], new.root)


class Controls(HTMLParser):
    """The forms of a page, and the names and values that they send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("form", "input", "button", "script"):
            self.found.append((tag, dict(attrs)))

    def values(self, tag: str) -> list[tuple[str | None, str | None]]:
        return [(each.get("name"), each.get("value")) for kind, each in self.found if kind == tag]


def test_page_asks_about_the_release() -> None:
    asked = offered()
    html = WRITER.asks(asked, FORM)
    controls = Controls(html)
    assert controls.values("input") == [
        ("secret", "5ec2e7"),
        ("release", asked.question.release),
        ("root", asked.question.root),
        ("phase", "download"),
    ]
    assert controls.values("button") == [("reply", "yes"), ("reply", "later"), ("reply", "no")]
    assert controls.found[0] == (
        "form",
        {"method": "post", "action": "/answer", "aria-labelledby": "question"},
    )
    assert "Download version 1.1 of Blinky?" in html
    assert "form-action &#x27;self&#x27;" in html
    assert "script" not in html


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"download_installs": True}, "Download and install version 1.1 of Blinky?"),
        ({"phase": Phase.INSTALL}, "Install version 1.1 of Blinky?"),
        ({"phase": Phase.RESTART}, "Restart into version 1.1 of Blinky?"),
    ],
)
def test_question_of_each_phase(changes: dict[str, object], text: str) -> None:
    assert text in WRITER.asks(offered(**changes), FORM)


def test_page_shows_what_only_the_device_knows() -> None:
    html = WRITER.asks(offered(), FORM)
    assert "Example Lamps Ltd" in html
    assert "The device lets it reach" in html
    assert "It verifies each file before it installs it." in html
    page = page_of_offer(offered())
    assert [(each.component, each.word) for each in page.radius.powers_gained] == [
        ("lamp control", "network")
    ]
    assert page.previous
    assert page.previous.version == "1.0"
    assert page.root


def test_page_shows_the_log_and_the_auditors() -> None:
    html = WRITER.asks(
        offered(log=LogFacts("log.example", ("north",)), auditors=("audit house",)), FORM
    )
    for text in ("In the public log", "log.example", "north", "Rebuilt by", "audit house"):
        assert text in html
    assert "NOT IN A PUBLIC LOG" not in html
    unproven = offered(log=LogFacts(None, (), "MISSING_PROOF: <script>"))
    html = WRITER.asks(unproven, FORM)
    assert "NOT IN A PUBLIC LOG" in html
    assert "MISSING_PROOF: &lt;script&gt;" in html
    assert "In the public log" not in html
    unchecked = WRITER.asks(offered(), FORM)
    assert not [text for text in ("PUBLIC LOG", "public log", "Rebuilt") if text in unchecked]


def test_areas_that_the_device_allows() -> None:
    html = WRITER.asks(offered(areas=("model", "sidecar")), FORM)
    words = "model, sidecar (a word that this page does not know)"
    assert f"<dt>The device lets it change</dt><dd>{words}</dd>" in html


def test_release_without_a_known_release_before() -> None:
    asked = offered()
    page = page_of_offer(Offered(asked.question, asked.release, None, None))
    assert (page.previous, page.root) == (None, None)


def test_hostile_texts_of_the_form_stay_texts() -> None:
    form = Form("/answer", '"><script>', "en", "<script>\u202e")
    html = WRITER.asks(offered(), form)
    assert "<script" not in html
    assert Controls(html).values("input")[0] == ("secret", '"><script>')
    assert "&lt;script&gt;\\u202e" in html
    evil = offered(product="</h2><script>")
    assert "<script" not in WRITER.asks(Offered(evil.question, evil.release, None, None), FORM)
    assert "<script" not in WRITER.says("<script>", "en")
    assert "<script" not in WRITER.waits("<script>", form)


def test_language_of_the_reader() -> None:
    html = WRITER.asks(offered(), Form("/answer", "x", "de"))
    assert '<html lang="de">' in html
    assert "Version 1.1 von Blinky herunterladen?" in html


def test_opening_page_has_only_its_own_script() -> None:
    html = WRITER.opens("/open", "en")
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script == SCRIPT
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#x27;sha256-{digest}&#x27;" in html
    controls = Controls(html)
    assert controls.values("input") == [("token", None)]
    assert controls.found[0][1] == {"method": "post", "action": "/open"}


def test_page_without_a_question_looks_again() -> None:
    html = WRITER.waits("The client fetches 1.1.", FORM)
    assert "The client fetches 1.1." in html
    assert Controls(html).values("input") == [("secret", "5ec2e7")]
    assert Controls(html).values("button") == [(None, None)]


def test_refusal_has_no_form() -> None:
    html = WRITER.says("the request comes from another site", "de")
    assert "the request comes from another site" in html
    assert Controls(html).found == []
