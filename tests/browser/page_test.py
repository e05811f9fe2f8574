"""Tests of the release page in a real browser."""

import base64
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By
from software_update.format.release_manifest import Advisory
from software_update.testing.pages import RELEASE

from tests.browser.browser import Browser, browser
from tests.browser.releases import page_of, verified, write_releases


@pytest.fixture(name="chromium", scope="module")
def chromium_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path) -> Path:
    write_releases(tmp_path)
    return tmp_path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_page_has_no_barrier(chromium: Browser, folder: Path, scheme: str, language: str) -> None:
    chromium.use(scheme)
    for options in ([], [verified(folder)]):
        chromium.driver.get(page_of(folder, f"--language={language}", *options))
        assert chromium.axe() == []
    background = chromium.style("body", "backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 22, 26)"}[scheme]


def test_page_has_no_barrier_on_a_phone(chromium: Browser, folder: Path) -> None:
    chromium.use()
    size = chromium.driver.get_window_size()
    chromium.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 640, "deviceScaleFactor": 1, "mobile": True},
    )
    try:
        chromium.driver.get(page_of(folder))
        assert chromium.axe() == []
        width = chromium.driver.execute_script("return document.documentElement.scrollWidth")
        assert width <= 360
    finally:
        chromium.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert chromium.driver.get_window_size() == size


def test_planted_barrier_is_found(chromium: Browser, folder: Path) -> None:
    chromium.driver.get(page_of(folder))
    chromium.driver.execute_script(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=data:,>')"
    )
    assert any(each.startswith("image-alt: ") for each in chromium.axe())


def test_page_prints_in_dark_letters_on_white(chromium: Browser, folder: Path) -> None:
    chromium.driver.get(page_of(folder))
    chromium.use("dark", "print")
    assert chromium.style("body", "backgroundColor") == "rgb(255, 255, 255)"
    assert chromium.style("body", "color") == "rgb(0, 0, 0)"
    chromium.use("dark")
    printed = base64.b64decode(chromium.driver.print_page())
    assert printed.startswith(b"%PDF-")
    assert 2 <= printed.count(b"/Type /Page\n") <= 6


def test_keyboard_reads_the_whole_page(chromium: Browser, folder: Path) -> None:
    chromium.use()
    chromium.driver.get(page_of(folder))
    body = chromium.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.END)
    script = "return scrollY + innerHeight >= document.documentElement.scrollHeight - 1"
    for _ in range(200):
        if chromium.driver.execute_script(script):
            break
    assert chromium.driver.execute_script(script)


class Listener(http.server.BaseHTTPRequestHandler):
    """Notes each request."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(name="listener")
def listener_fixture() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Listener.seen.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_hostile_texts_run_nothing_and_load_nothing(
    chromium: Browser, folder: Path, listener: str
) -> None:
    evil = (
        f"</title></style></blockquote><script>window.broken = 1</script>"
        f"<img src='{listener}/img' onerror='window.broken = 1'>"
        f"<link rel=stylesheet href='{listener}/css'><iframe src='{listener}/frame'></iframe>"
        f"<meta http-equiv=refresh content='0;url={listener}/meta'>\u202e\u0000"
    )
    release = RELEASE._replace(
        product=evil,
        version=evil,
        notes=evil * 50,
        hardware_ids=(evil,),
        unavailable_functions=(evil,),
        advisories=(Advisory(evil, "high", evil, evil),),
    )
    write_releases(folder, release)
    address = page_of(folder)
    chromium.use()
    chromium.driver.get("about:blank")
    chromium.requests()
    chromium.driver.get(address)
    assert chromium.axe() == []
    assert chromium.driver.execute_script("return window.broken") is None
    assert chromium.requests() == [address]
    assert Listener.seen == []
    tags = "return [...document.querySelectorAll('img, link, iframe, script')].length"
    assert chromium.driver.execute_script(tags) == 0


def test_policy_forbids_what_would_break_out(
    chromium: Browser, folder: Path, listener: str
) -> None:
    """If a text did break out, the content security policy would still stop it."""
    address = page_of(folder)
    broken = Path(address.removeprefix("file://"))
    planted = (
        f"<img src='{listener}/img'><link rel=stylesheet href='{listener}/css'>"
        f"<script>window.broken = 1</script><script src='{listener}/js'></script>"
        f"<iframe src='{listener}/frame'></iframe><p id=p style='color: red'>x</p></main>"
    )
    broken.write_text(broken.read_text().replace("</main>", planted))
    chromium.driver.get(address)
    assert chromium.driver.execute_script("return window.broken") is None
    assert chromium.style("#p", "color") != "rgb(255, 0, 0)"
    assert Listener.seen == []
    without = broken.read_text().replace("Content-Security-Policy", "x-no-policy")
    broken.write_text(without)
    chromium.driver.get(address)
    assert chromium.driver.execute_script("return window.broken") == 1
    assert "/img" in Listener.seen
