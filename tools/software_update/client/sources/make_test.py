"""Tests of sources that a configuration describes."""

from dataclasses import replace

import pytest

from software_update.client.config import Part, parse_config
from software_update.client.config_options import SOURCE_TYPES
from software_update.client.shell.network import UrllibNetwork
from software_update.client.simulator.machine import (
    SimulatedClock,
    SimulatedNetwork,
    SimulatedPrograms,
)
from software_update.client.source import Source
from software_update.client.sources.make import make_source
from software_update.client.system import Network, System
from software_update.testing.bundle_server import serve
from software_update.testing.configurations import MINIMAL
from software_update.testing.memory_storage import MemoryStorage

SOURCES = """[
    {{type = "file", path = "/media/a.bundle"}},
    {{type = "folder", path = "/media/usb"}},
    {{type = "http", url = "{url}", OPTIONS}},
]"""
HTTP_OPTIONS = (
    'token_file = "/etc/token", token_header = "X-Key", timeout = "5s", bytes_per_second = "1kB", '
    'ca_file = "/etc/ca.pem", proxy = "http://127.0.0.1:9"'
)


def parts_of(sources: str) -> tuple[Part, ...]:
    one = '[{type = "file", path = "/media/usb"}]'
    assert one in MINIMAL
    return parse_config(MINIMAL.replace(one, sources), "client.toml").domains[0].sources


class Connecting:
    """Connects, and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[str | None, str | None, float]] = []

    def __call__(self, proxy: str | None, ca_file: str | None, seconds: float) -> Network:
        self.given.append((proxy, ca_file, seconds))
        return UrllibNetwork()


def configured(url: str) -> tuple[list[Source], Connecting, SimulatedClock]:
    storage, clock, connect = MemoryStorage(), SimulatedClock(), Connecting()
    for path, content in (
        ("/media/a.bundle", b"from a file"),
        ("/media/usb/b.bundle", b"from a folder"),
        ("/etc/token", b"s3cret"),
    ):
        storage.put(path, content)
    system = System(storage, SimulatedPrograms(), clock, SimulatedNetwork())
    parts = parts_of(SOURCES.format(url=url).replace("OPTIONS", HTTP_OPTIONS))
    assert {each.type for each in parts} == set(SOURCE_TYPES)
    sources = [
        make_source(each.type, each.options, system, connect, clock.advance) for each in parts
    ]
    return sources, connect, clock


def test_every_type_of_source_and_each_of_its_options() -> None:
    with serve(b"from a server" * 1000) as server:
        sources, connect, clock = configured(server.url())
        file, folder, remote = (each.open() for each in sources)
        assert file is not None
        assert folder is not None
        assert remote is not None
        assert (file.read(0, 11), folder.read(0, 13)) == (b"from a file", b"from a folder")
        assert connect.given == [("http://127.0.0.1:9", "/etc/ca.pem", 5)]
        remote.expect(0, remote.size())
        before = clock.since_boot()
        remote.read(0, remote.size())
        assert clock.since_boot() - before == pytest.approx(12, abs=1.1)
        assert {each.header("X-Key") for each in server.requests} == {"s3cret"}


def test_download_over_a_network_is_tried_again() -> None:
    with serve(b"from a server" * 1000) as server:
        remote = configured(server.url())[0][2].open()
        assert remote is not None
        remote.expect(0, remote.size())
        cuts = iter([1])
        server.change = lambda _, answer: replace(answer, cut=next(cuts, None))
        assert remote.read(0, 1000) == server.content[:1000]


def test_other_options_have_defaults() -> None:
    (part,) = parts_of('[{type = "http", url = "https://a.example/b"}]')
    system = System(MemoryStorage(), SimulatedPrograms(), SimulatedClock(), SimulatedNetwork())
    connect = Connecting()
    source = make_source(part.type, part.options, system, connect, lambda _: None)
    assert source.describe() == "a.example/b"
    assert connect.given == [(None, None, 30)]


def test_url_that_is_not_usable_is_an_error() -> None:
    options = {"url": "https://a:b/c", "proxy": None, "ca_file": None, "timeout": 30}
    options |= {"token_file": None, "token_header": "Authorization", "bytes_per_second": None}
    system = System(MemoryStorage(), SimulatedPrograms(), SimulatedClock(), SimulatedNetwork())
    with pytest.raises(ValueError, match="url has an invalid port"):
        make_source("http", options, system, Connecting(), lambda _: None)
