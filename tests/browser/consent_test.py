"""Tests of the consent page in a real browser: a person reads, answers and goes on, also by keyboard."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait
from software_update.testing.short_folder import short_folder

from tests.browser.browser import Browser, browser
from tests.browser.device import Device, device


@pytest.fixture(name="chromium", scope="module")
def chromium_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(name="lamp")
def lamp_fixture() -> Iterator[Device]:
    with short_folder() as folder, device(Path(folder)) as made:
        made.offer()
        yield made


def open_page(chromium: Browser, lamp: Device) -> None:
    """Opens the page at a new address, as `xdg-open` does."""
    chromium.driver.get(lamp.run("page").strip())
    wait_for(chromium, "version 1.1 of Blinky?")


def wait_for(chromium: Browser, *texts: str) -> None:
    def has_one(driver: object) -> bool:
        return any(text in chromium.driver.page_source for text in texts)

    WebDriverWait(chromium.driver, 20).until(has_one)


def click(chromium: Browser, selector: str) -> None:
    """Clicks on a button, and waits until its page is gone."""
    button = chromium.driver.find_element(By.CSS_SELECTOR, selector)
    button.click()
    WebDriverWait(chromium.driver, 20).until(staleness_of(button))


def press(chromium: Browser, *keys: str) -> None:
    ActionChains(chromium.driver).send_keys(*keys).perform()


def answers(lamp: Device) -> list[tuple[str, str]]:
    """Returns the phases and replies in the history."""
    lines = json.loads(lamp.run("history", "--json"))["lines"]
    return [
        (line["answer"]["phase"], line["answer"]["reply"]) for line in lines if "answer" in line
    ]


def test_person_agrees_with_the_mouse(chromium: Browser, lamp: Device) -> None:
    open_page(chromium, lamp)
    assert "Download and install version 1.1 of Blinky?" in chromium.driver.page_source
    assert "lamp control: the network" in chromium.driver.page_source
    click(chromium, "button[value=yes]")
    wait_for(chromium, "Look again", "Restart into")
    while "Look again" in chromium.driver.page_source:
        click(chromium, "button")
        wait_for(chromium, "Look again", "Restart into version 1.1 of Blinky?")
    click(chromium, "button[value=later]")
    wait_for(chromium, "Look again", "Restart into")
    assert answers(lamp) == [("download", "yes"), ("restart", "later")]


def test_person_declines_with_the_keyboard(chromium: Browser, lamp: Device) -> None:
    open_page(chromium, lamp)
    focused = []
    for _ in range(3):
        press(chromium, Keys.TAB)
        element = chromium.driver.switch_to.active_element
        focused.append(element.get_attribute("value"))
        assert element.value_of_css_property("outline-style") == "solid"
    assert focused == ["yes", "later", "no"]
    press(chromium, Keys.ENTER)
    wait_for(chromium, "Look again")
    assert answers(lamp) == [("download", "no")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_barrier(chromium: Browser, lamp: Device, scheme: str) -> None:
    chromium.use(scheme)
    address = lamp.run("page").strip()
    chromium.driver.get("about:blank")
    chromium.driver.get(address.partition("#")[0])
    assert chromium.axe() == []
    open_page(chromium, lamp)
    assert chromium.axe() == []
    click(chromium, "button[value=no]")
    wait_for(chromium, "Look again")
    assert chromium.axe() == []


def test_page_is_opened_without_a_script(chromium: Browser, lamp: Device) -> None:
    address, _, token = lamp.run("page").strip().partition("#")
    chromium.driver.get(address)
    chromium.driver.find_element(By.NAME, "token").send_keys(token, Keys.ENTER)
    wait_for(chromium, "version 1.1 of Blinky?")


def test_address_counts_once_and_loading_again_shows_the_same_page(
    chromium: Browser, lamp: Device
) -> None:
    address = lamp.run("page").strip()
    chromium.driver.get(address)
    wait_for(chromium, "version 1.1 of Blinky?")
    chromium.driver.refresh()
    wait_for(chromium, "version 1.1 of Blinky?")
    chromium.driver.delete_all_cookies()
    chromium.driver.get("about:blank")
    chromium.driver.get(address)
    wait_for(chromium, "was used before")


def test_page_talks_only_to_the_device(chromium: Browser, lamp: Device) -> None:
    address = lamp.run("page").strip()
    chromium.driver.get("about:blank")
    chromium.requests()
    chromium.driver.get(address)
    wait_for(chromium, "version 1.1 of Blinky?")
    host = address.partition("#")[0]
    assert {each for each in chromium.requests() if not each.startswith("chrome")} <= {
        address,
        host,
        f"{host}open",
        f"{host}favicon.ico",
    }


def test_page_of_another_site_cannot_answer(
    chromium: Browser, lamp: Device, tmp_path: Path
) -> None:
    """A page that has the address, and even the secret, is not same-origin, so it gets no cookie."""
    open_page(chromium, lamp)
    fields = chromium.driver.find_elements(By.CSS_SELECTOR, "input[type=hidden]")
    values = {each.get_attribute("name"): each.get_attribute("value") for each in fields}
    action = chromium.driver.find_element(By.TAG_NAME, "form").get_attribute("action")
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in values.items())
    evil = tmp_path / "evil.html"
    evil.write_text(
        f'<form method="post" action="{action}">{inputs}<button name="reply" value="yes">x</button></form>'
    )
    chromium.driver.get(evil.as_uri())
    click(chromium, "button")
    wait_for(chromium, "comes from another site")
    assert answers(lamp) == []
