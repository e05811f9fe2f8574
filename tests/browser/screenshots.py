"""Makes the screenshots in docs/guides/images: `./bazelw run //tests/browser:screenshots`."""

import os
import tempfile
from pathlib import Path

from selenium.webdriver.support.ui import WebDriverWait
from software_update.testing.short_folder import short_folder

from tests.browser.browser import Browser, browser
from tests.browser.device import device
from tests.browser.releases import page_of, verified, write_releases

_FOLDER = "docs/guides/images"


def main() -> None:
    images = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"], _FOLDER)
    images.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, short_folder() as short:
        folder = Path(name)
        write_releases(folder)
        with browser(folder, 760, 800) as chromium:
            chromium.driver.get(page_of(folder, verified(folder)))
            _save(chromium, images / "release_page.png")
            chromium.use("dark")
            chromium.driver.get(page_of(folder, "--language=de"))
            _save(chromium, images / "release_page_not_verified.png")
            chromium.use()
            with device(Path(short)) as lamp:
                lamp.offer()
                chromium.driver.get(lamp.run("page").strip())
                WebDriverWait(chromium.driver, 20).until(
                    lambda driver: "of Blinky?" in driver.page_source
                )
                _save(chromium, images / "consent_page.png")


def _save(chromium: Browser, path: Path) -> None:
    path.write_bytes(chromium.driver.get_screenshot_as_png())


if __name__ == "__main__":
    main()
