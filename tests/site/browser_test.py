"""Tests of the site in a real browser: search, a phone, both colour schemes, and other hosts."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.browser import Browser, browser
from tests.site.site import KINDS, forget, hosts, resize, served

SITE = Path(os.environ["SITE"]).resolve()
_FOUND = ".md-search-result__item a"


@pytest.fixture(name="chromium", scope="module")
def chromium_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(name="site", scope="module")
def site_fixture() -> Iterator[str]:
    with served(SITE) as address:
        yield address


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", KINDS)
def test_page_has_no_barrier(chromium: Browser, site: str, page: str, scheme: str) -> None:
    resize(chromium, 1280)
    chromium.use(scheme)
    forget(chromium, site)
    chromium.driver.get(site + page)
    assert chromium.axe() == []
    background = chromium.style("body", "backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")


@pytest.mark.parametrize("page", ["index.html", "explanation/benchmarks.html"])
def test_page_has_no_barrier_on_a_phone(chromium: Browser, site: str, page: str) -> None:
    resize(chromium, 375)
    chromium.use("light")
    chromium.driver.get(site + page)
    assert chromium.axe() == []


def test_planted_barrier_is_found(chromium: Browser, site: str) -> None:
    chromium.driver.get(site)
    chromium.driver.execute_script(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=data:,>')"
    )
    assert any(each.startswith("image-alt: ") for each in chromium.axe())


def test_no_page_scrolls_sideways_on_a_phone_and_none_asks_another_host(
    chromium: Browser, site: str
) -> None:
    """Loads each kind of page. Of the others, it only puts the contents into the last page."""
    resize(chromium, 375)
    chromium.use("light")
    chromium.driver.get("about:blank")
    chromium.requests()
    width = "return document.documentElement.scrollWidth"
    for page in KINDS:
        chromium.driver.get(site + page)
        assert chromium.driver.execute_script(width) == 375, page
    assert hosts(chromium.requests()) == {site.rstrip("/")}
    for file in sorted(SITE.rglob("*.html")):
        text = file.read_text(encoding="utf-8")
        article = text[text.index("<article") : text.index("</article>")]
        chromium.driver.execute_script(
            "document.querySelector('article').outerHTML = arguments[0]", article + "</article>"
        )
        assert chromium.driver.execute_script(width) == 375, file
    wide = "document.querySelector('article').innerHTML = '<div style=\"width: 400px\">x</div>'"
    chromium.driver.execute_script(wide)
    assert chromium.driver.execute_script(width) > 375


def test_policy_stops_a_request_to_another_host(chromium: Browser, site: str) -> None:
    chromium.driver.get(site)
    with served(SITE) as other:
        loaded = chromium.driver.execute_async_script(
            "const done = arguments[1], image = new Image();"
            "image.onload = () => done(true); image.onerror = () => done(false);"
            "image.src = arguments[0];",
            f"{other}assets/images/favicon.png",
        )
        own = chromium.driver.execute_async_script(
            "const done = arguments[0], image = new Image();"
            "image.onload = () => done(true); image.onerror = () => done(false);"
            "image.src = '/assets/images/favicon.png';"
        )
    assert (loaded, own) == (False, True)


def test_menu_of_a_phone_reaches_each_section(chromium: Browser, site: str) -> None:
    resize(chromium, 375)
    chromium.driver.get(site + "guides/client.html")
    menu = chromium.driver.find_element(By.CSS_SELECTOR, ".md-header label[for=__drawer]")
    menu.click()
    drawer = chromium.driver.find_element(By.CSS_SELECTOR, ".md-sidebar--primary")
    WebDriverWait(chromium.driver, 10).until(lambda _: drawer.rect["x"] >= 0)
    wanted = chromium.driver.find_element(
        By.CSS_SELECTOR, ".md-sidebar--primary a[href='consent.html']"
    )
    WebDriverWait(chromium.driver, 10).until(lambda _: wanted.is_displayed())
    chromium.driver.execute_script("arguments[0].click()", wanted)
    WebDriverWait(chromium.driver, 10).until(lambda driver: driver.title.startswith("Consent"))


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("TARGETS_ROLLBACK", "reference/verdicts.html"),
        ("key ceremony", "guides/root_ceremony.html"),
        ("halt a rollout", "guides/rollouts.html"),
        ("software_update_sbom", "reference/rules/software_update_sbom.html"),
    ],
)
@pytest.mark.parametrize("opened", ["served", "from a disk"])
def test_search_finds(chromium: Browser, site: str, words: str, page: str, opened: str) -> None:
    resize(chromium, 1280)
    address = site if opened == "served" else f"file://{SITE}/"
    chromium.driver.get(f"{address}index.html")
    chromium.requests()
    field = chromium.driver.find_element(By.CSS_SELECTOR, ".md-search__input")
    field.click()
    field.send_keys(words)

    def found(_: object) -> bool:
        links = chromium.driver.find_elements(By.CSS_SELECTOR, _FOUND)
        addresses = [str(each.get_attribute("href")) for each in links[:12]]
        return any(each.startswith(address + page) for each in addresses)

    WebDriverWait(chromium.driver, 20).until(found)
    assert hosts(chromium.requests()) <= {site.rstrip("/"), "file://"}


def test_reader_chooses_the_colours(chromium: Browser, site: str) -> None:
    resize(chromium, 1280)
    chromium.use("light")
    forget(chromium, site)
    chromium.driver.get(site)
    for choice in ("__palette_1", "__palette_2"):
        chromium.driver.find_element(By.CSS_SELECTOR, f"label[for={choice}]").click()
    dark = "return document.body.dataset.mdColorScheme === 'slate'"
    WebDriverWait(chromium.driver, 10).until(lambda driver: driver.execute_script(dark))
    chromium.driver.get(site + "guides/client.html")
    WebDriverWait(chromium.driver, 10).until(lambda driver: driver.execute_script(dark))
    forget(chromium, site)
