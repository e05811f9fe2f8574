"""The page about privacy lists every request of a whole update: method, path, query and headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from software_update.client.shell.network import UrllibNetwork
from software_update.client.state import Detail
from software_update.testing.bundle_server import Answer, BundleServer, Request, serve
from software_update.testing.tuf_site import TufSite

from tests.serving.device import RepositoryDevice, bundle, honest_entry, publish_for_all

PAGE = Path("docs/explanation/privacy.md").read_text(encoding="utf-8")
NEW = bundle(2, hardware_ids=("lamp-2", "lamp-3"))


def on_page(name: str) -> list[str]:
    """Returns the lines of a block of the page."""
    [found] = re.findall(rf"^```text {name}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found).splitlines()


def headers_on_page() -> dict[str, str]:
    """Returns the headers that all requests have, from the table."""
    table = re.findall(r"^\| `([A-Z][A-Za-z-]*)` \| `?(.*?)`? \|$", PAGE, re.MULTILINE)
    return dict(table)


class Watched:
    """A site on a server of this process, which keeps each request as it came."""

    def __init__(self, site: TufSite, server: BundleServer) -> None:
        self.site = site
        self.server = server
        self.base = server.url("/repository")
        site.base = self.base
        server.change = self._answer

    def _answer(self, request: Request, _: Answer) -> Answer:
        name = f"{self.server.url(request.path)}"
        response = self.site.get(name, dict(request.headers))
        return Answer(response.status, dict(response.headers), response.read(1 << 30))

    def device(self, folder: Path, hardware_id: str) -> RepositoryDevice:
        folder.mkdir()
        root = self.site.first_root
        network = UrllibNetwork()
        return RepositoryDevice(folder, network, self.base, root, hardware_id=hardware_id)

    def lines(self, act: Callable[[], object]) -> list[str]:
        """Returns the requests while `act` runs, in the form of the page. Checks all their headers."""
        self.server.requests.clear()
        act()
        return [self._line(each) for each in self.server.requests]

    def _line(self, request: Request) -> str:
        more = {**dict(request.headers)}
        assert len(more) == len(request.headers)
        known = headers_on_page()
        assert more.pop("Host") == f"127.0.0.1:{self.server.port}"
        for name in ("Accept", "Accept-Encoding", "User-Agent"):
            assert more.pop(name) == known[name]
        assert more.keys() <= {"Range", "If-Range"}
        assert request.body == b""
        first_part = honest_entry(NEW).first_part
        line = f"{request.method} {request.path}"
        line += "".join(
            f"    {name}: {more[name]}" for name in ("Range", "If-Range") if name in more
        )
        for text, word in (
            (rf"{first_part - 1}$", "LAST"),
            (rf"={first_part}-{len(NEW) - 1}", "=FIRST-END"),
            (r'"one"$', "ETAG"),
            (r"[0-9a-f]{64}", "SHA256"),
        ):
            line = re.sub(text, word, line)
        return line


@pytest.fixture(name="watched")
def watched_fixture() -> Iterator[Watched]:
    site = TufSite()
    site.publish()
    with serve(b"") as server:
        yield Watched(site, server)


def story(
    watched: Watched, devices: list[RepositoryDevice]
) -> Iterator[tuple[str, list[list[str]]]]:
    """Yields the name of each part of an update, and the requests of each device in it."""
    yield "first", [watched.lines(each.check) for each in devices]
    yield "nothing new", [watched.lines(each.check) for each in devices]
    publish_for_all(watched.site, NEW)
    yield "new release", [watched.lines(each.check) for each in devices]
    yield "download", [watched.lines(each.agree) for each in devices]


def test_requests_are_those_on_the_page_for_each_device(watched: Watched, tmp_path: Path) -> None:
    """Two devices differ in hardware, secret and time, and the server cannot tell them apart."""
    devices = [watched.device(tmp_path / each, each) for each in ("lamp-2", "lamp-3")]
    devices[1].device.clock.wall += 3600
    for part, requests in story(watched, devices):
        assert requests == [on_page(part), on_page(part)], part
    for each in devices:
        assert each.detail is Detail.AWAITING_CONSENT
        assert each.device.slot("boot", "B")


def test_device_that_may_not_install_asks_for_no_bundle(watched: Watched, tmp_path: Path) -> None:
    device = watched.device(tmp_path / "device", "lamp-9")
    device.check()
    publish_for_all(watched.site, NEW)
    requests = watched.lines(device.check)
    assert requests == on_page("new release")[:-1]


def test_check_takes_one_connection(watched: Watched, tmp_path: Path) -> None:
    """A TLS handshake costs more than the metadata."""
    device = watched.device(tmp_path / "device", "lamp-2")
    device.check()
    assert watched.server.connections == 1
    publish_for_all(watched.site, NEW)
    device.check()
    assert watched.server.connections == 1


def test_refusal_sends_nothing(watched: Watched, tmp_path: Path) -> None:
    device = watched.device(tmp_path / "device", "lamp-2")
    publish_for_all(watched.site, NEW)
    device.check()
    assert watched.lines(device.decline) == []


def test_token_is_the_only_other_header(watched: Watched, tmp_path: Path) -> None:
    device = watched.device(tmp_path / "device", "lamp-2")
    (tmp_path / "token").write_text("Bearer abc\n")
    device.settings["token_file"] = str(tmp_path / "token")
    device.start()
    watched.server.requests.clear()
    device.check()
    found = [dict(each.headers).pop("Authorization") for each in watched.server.requests]
    assert found == ["Bearer abc"] * 6
    assert "Authorization" in headers_on_page()
