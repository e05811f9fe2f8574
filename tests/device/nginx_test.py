"""Tests of bundles on a real web server: what it sends before consent, cuts, and files that are replaced."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from software_update.bundle.head import Rest, read_head
from software_update.client.shell.network import UrllibNetwork
from software_update.client.simulator.machine import SimulatedClock, SimulatedPrograms
from software_update.client.source import BundleChanged, OpenBundle, SourceError
from software_update.client.sources.http import HttpSource
from software_update.client.sources.requests import HttpSettings
from software_update.client.sources.resuming import ResumingSource
from software_update.client.system import System
from software_update.testing import encode as e
from software_update.testing.memory_storage import MemoryStorage

from tests.device.nginx import Nginx

APP = b"application\n" * 150_000
CONTENTS = {"user_manifest": b"{}", "app": APP, "boot": b"bootloader\n"}
BUNDLE = e.bundle(CONTENTS)
HEAD_END = BUNDLE.index(e.payload("app", APP))
CHUNK = 200_000


@pytest.fixture(name="nginx")
def nginx_fixture(tmp_path: Path) -> Iterator[Nginx]:
    nginx = Nginx(tmp_path)
    nginx.put("app.bundle", BUNDLE)
    # A cut after the first part must find most of the bundle not yet sent.
    nginx.start(rate=500_000)
    yield nginx
    nginx.stop()


def source(nginx: Nginx, wait: Callable[[float], None] | None = None) -> ResumingSource:
    clock = SimulatedClock()
    system = System(MemoryStorage(), SimulatedPrograms(), clock, UrllibNetwork())
    http = HttpSource(system, clock.advance, HttpSettings(nginx.url("app.bundle")))
    return ResumingSource(http, clock, wait or clock.advance)


def opened(nginx: Nginx, wait: Callable[[float], None] | None = None) -> OpenBundle:
    bundle = source(nginx, wait).open()
    assert bundle is not None
    return bundle


def download(bundle: OpenBundle, during: Callable[[], None] = lambda: None) -> dict[str, bytes]:
    """Returns the payloads after the head. `during` is called after the first part of each."""
    head = read_head(bundle)
    bundle.expect(head.end, bundle.size() - head.end)
    contents = {}
    for payload in Rest(bundle, head).payloads():
        content = b""
        while len(content) < payload.length:
            at = payload.offset + len(content)
            content += bundle.read(at, min(CHUNK, payload.length - len(content)))
            if len(content) == CHUNK:
                during()
        contents[payload.name] = content
    return contents


def test_server_sends_no_byte_of_a_payload_before_consent(nginx: Nginx) -> None:
    bundle = opened(nginx)
    head = read_head(bundle)
    bundle.close()
    assert head.user_manifest == b"{}"
    sent = nginx.log()
    assert {each.status for each in sent} == {206}
    name_bytes = len(e.payload("app", b"")) + 5
    assert HEAD_END < sum(each.length for each in sent) <= HEAD_END + name_bytes


def test_bundle_is_downloaded_in_one_request(nginx: Nginx) -> None:
    nginx.stop()
    nginx.start()
    bundle = opened(nginx)
    assert download(bundle) == {"app": APP, "boot": b"bootloader\n"}
    assert bundle.identity
    large = [each for each in nginx.log() if each.length > CHUNK]
    assert len(large) == 1


def test_download_goes_on_when_the_server_is_back(nginx: Nginx) -> None:
    """A cut in the middle; the server returns while the client waits for its second try."""
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            nginx.start()

    contents = download(opened(nginx, wait), nginx.stop)
    assert contents == {"app": APP, "boot": b"bootloader\n"}
    assert len(waits) == 2
    last = nginx.log()[-1]
    start = int(last.range.removeprefix("bytes=").partition("-")[0])
    # What had arrived before the cut was not sent again.
    assert start >= BUNDLE.index(APP) + CHUNK


def test_download_goes_on_with_the_same_file_under_another_etag(
    nginx: Nginx, tmp_path: Path
) -> None:
    path = tmp_path / "www" / "app.bundle"

    def touch() -> None:
        nginx.stop()
        os.utime(path, (1_700_000_000, 1_700_000_000))
        nginx.start()

    bundle = opened(nginx)
    before = bundle.identity
    assert download(bundle, touch) == {"app": APP, "boot": b"bootloader\n"}
    assert bundle.identity != before


def test_other_release_is_noticed(nginx: Nginx, tmp_path: Path) -> None:
    def replace() -> None:
        nginx.stop()
        nginx.put("app.bundle", e.bundle(CONTENTS, version=2))
        # nginx makes an ETag of the time, in seconds, and the size.
        os.utime(tmp_path / "www" / "app.bundle", (1_700_000_000, 1_700_000_000))
        nginx.start()

    with pytest.raises(BundleChanged, match="HTTP status 200 instead of 206"):
        download(opened(nginx), replace)


def test_missing_file_is_an_error(nginx: Nginx, tmp_path: Path) -> None:
    (tmp_path / "www" / "app.bundle").unlink()
    with pytest.raises(SourceError, match="the server has no such file; check the URL"):
        opened(nginx)
