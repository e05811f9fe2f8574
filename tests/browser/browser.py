"""A real browser without a screen, which records every request, and axe-core's rules of accessibility."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

_CHROMIUM, _DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"


class Browser:
    """A browser with one window. `driver` is Selenium's."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def use(self, scheme: str = "light", media: str = "screen") -> None:
        """Makes the reader prefer light or dark, on the screen or in print."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": media, "features": features}
        )

    def axe(self) -> list[str]:
        """Returns the violations of all rules of axe-core on the page as lines."""
        self.driver.execute_script(
            files("axe_playwright_python").joinpath("axe.min.js").read_text()
        )
        found = self.driver.execute_async_script("axe.run().then(arguments[0])")
        assert len(found["passes"]) > 10
        return [
            f"{each['id']}: {node['html']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def requests(self) -> list[str]:
        """Returns the addresses of all requests since the last call."""
        driver: Any = self.driver
        events = [json.loads(each["message"])["message"] for each in driver.get_log("performance")]
        return [
            each["params"]["request"]["url"]
            for each in events
            if each["method"] == "Network.requestWillBeSent"
        ]

    def style(self, element: str, name: str) -> str:
        """Returns a computed style of the first element that a selector finds."""
        script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        return str(self.driver.execute_script(script, element, name))


@contextmanager
def browser(folder: Path, width: int = 900, height: int = 1000) -> Iterator[Browser]:
    """Starts a browser that keeps its files in a folder, and ends it."""
    options = ChromeOptions()
    options.binary_location = _CHROMIUM
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    for each in (
        "--headless=new",
        # The sandbox refuses to work for root, and the pages are ours.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--hide-scrollbars",
        "--force-device-scale-factor=1",
        "--lang=en",
        f"--user-data-dir={folder}/profile",
        f"--window-size={width},{height}",
    ):
        options.add_argument(each)
    service = Service(_DRIVER, env={**_environment(), "HOME": str(folder)})
    driver = Chrome(options=options, service=service)
    try:
        driver.set_script_timeout(30)
        yield Browser(driver)
    finally:
        driver.quit()


def _environment() -> Mapping[str, Any]:
    # A proxy of this machine must not get the requests.
    return {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
