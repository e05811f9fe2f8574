"""A server on this machine for the site, and the pages that the tests look at."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser.browser import Browser

# One page of each kind: tables, code, pictures, generated pages, sources.
KINDS = (
    "index.html",
    "guides/client.html",
    "guides/release_page.html",
    "reference/rules/software_update_bundle.html",
    "reference/cli/bundle-verify.html",
    "explanation/key_management.html",
    "explanation/benchmarks.html",
    "explanation/client_states.html",
    "repository/examples/blinky/index.html",
    "repository/examples/fleet/ci.yml.html",
    "404.html",
)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serves a folder on this machine. Yields the address of its top, which ends with a slash."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def resize(browser: Browser, width: int, height: int = 800) -> None:
    """Makes the browser a phone or a narrow window of this size, in CSS pixels."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def forget(browser: Browser, address: str) -> None:
    """Makes the browser forget the colours that a reader chose."""
    data = {"origin": address, "storageTypes": "local_storage"}
    browser.driver.execute_cdp_cmd("Storage.clearDataForOrigin", data)


def hosts(requests: list[str]) -> set[str]:
    """Returns the scheme and host of each request, without those of the browser's own pages."""
    whole = {"/".join(each.split("/")[:3]) for each in requests}
    return {each for each in whole if not each.startswith(("chrome:", "data:", "blob:"))}
