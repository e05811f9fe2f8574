"""Shows how pages of the site look: `./bazelw run //tests/site:look -- FOLDER [PAGE...]`.

It writes a picture of each page, wide and narrow, light and dark, into FOLDER, and prints what
axe-core finds on it.
"""

import sys
import tempfile
from pathlib import Path

from tests.browser.browser import browser
from tests.site.site import KINDS, resize, served


def main() -> None:
    site, folder, *pages = sys.argv[1:]
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as profile,
        served(Path(site).resolve()) as address,
        browser(Path(profile)) as chromium,
    ):
        for page in pages or KINDS:
            for width, scheme in ((1280, "light"), (1280, "dark"), (375, "light"), (375, "dark")):
                resize(chromium, width, 1000)
                chromium.use(scheme)
                chromium.driver.get(address + page)
                name = page.removesuffix(".html").replace("/", "_")
                picture = out / f"{name}_{width}_{scheme}.png"
                picture.write_bytes(chromium.driver.get_screenshot_as_png())
                print(picture, *chromium.axe(), sep="\n  ")


if __name__ == "__main__":
    main()
