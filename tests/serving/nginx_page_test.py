"""Tests of the page about nginx: the two configurations on it send what the page says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3

from tests.device.nginx import Nginx
from tests.serving.nginx_page import PAGE, configuration

FOREVER, BRIEFLY = "public, max-age=31536000, immutable", "public, max-age=60"
# Two parts and a half.
BUNDLE = bytes(range(256)) * 10 * 1024
FILES = {
    "metadata/timestamp.json": b'{"timestamp": 1}',
    "metadata/1.root.json": b'{"root": 1}',
    "metadata/7.snapshot.json": b"{}" * 1000,
    "targets/lamp/stable/0123.1.0.bundle": BUNDLE,
    ".publishing": b"",
}


@pytest.fixture(name="server")
def server_fixture(tmp_path: Path) -> Iterator[Nginx]:
    server = Nginx(tmp_path / "server", configuration("server.conf"))
    for name, content in FILES.items():
        path = tmp_path / "server/www" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    server.start()
    yield server
    server.stop()


@pytest.fixture(name="cache")
def cache_fixture(tmp_path: Path, server: Nginx) -> Iterator[Nginx]:
    upstream = server.url("").removesuffix("/")
    cache = Nginx(tmp_path / "cache", configuration("cache.conf", upstream))
    cache.start()
    yield cache
    cache.stop()


def get(nginx: Nginx, name: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", nginx.url(name), headers=headers, retries=False)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("metadata/timestamp.json", BRIEFLY),
        ("metadata/1.root.json", FOREVER),
        ("metadata/7.snapshot.json", FOREVER),
        ("targets/lamp/stable/0123.1.0.bundle", FOREVER),
        ("metadata/2.root.json", BRIEFLY),
        ("targets/lamp/stable/4567.1.0.bundle", BRIEFLY),
    ],
)
def test_each_file_has_the_header_of_the_table(server: Nginx, name: str, header: str) -> None:
    answer = get(server, name, **{"Accept-Encoding": "gzip"})
    assert (
        (answer.status, answer.data) == (200, FILES[name]) if name in FILES else (404, answer.data)
    )
    assert answer.headers.getlist("Cache-Control") == [header]
    assert "Content-Encoding" not in answer.headers
    assert f"`{header}`" in PAGE


def test_part_of_a_bundle_has_the_header_too(server: Nginx) -> None:
    answer = get(server, "targets/lamp/stable/0123.1.0.bundle", Range="bytes=100-199")
    assert (answer.status, answer.data) == (206, BUNDLE[100:200])
    assert answer.headers["Cache-Control"] == FOREVER
    assert not answer.headers["ETag"].startswith("W/")


def test_hidden_files_and_lists_are_not_served(server: Nginx) -> None:
    for name in (".publishing", "", "metadata/", "targets/"):
        assert get(server, name).status in (403, 404), name
    assert urllib3.request("PUT", server.url("metadata/1.root.json")).status in (403, 405)
    assert urllib3.request("HEAD", server.url("metadata/1.root.json")).status == 200


def test_cache_asks_for_each_part_of_a_bundle_once(server: Nginx, cache: Nginx) -> None:
    name = "targets/lamp/stable/0123.1.0.bundle"
    first = get(cache, name, Range="bytes=10-19")
    assert (first.status, first.data) == (206, BUNDLE[10:20])
    assert [(each.status, each.length) for each in server.log()] == [(206, 1 << 20)]
    assert get(cache, name, Range="bytes=500-599").data == BUNDLE[500:600]
    assert len(server.log()) == 1
    assert get(cache, name).data == BUNDLE
    assert [each.length for each in server.log()] == [1 << 20, 1 << 20, 1 << 19]
    assert get(cache, name).data == BUNDLE
    assert len(server.log()) == 3


def test_cache_keeps_the_headers_and_what_is_missing(server: Nginx, cache: Nginx) -> None:
    for name, header in (
        ("metadata/timestamp.json", BRIEFLY),
        ("metadata/1.root.json", FOREVER),
        ("metadata/2.root.json", BRIEFLY),
    ):
        answers = [get(cache, name, **{"User-Agent": str(number)}) for number in range(3)]
        found = [each.headers["X-Cache-Status"] for each in answers if each.status == 200]
        assert found == ["MISS", "HIT", "HIT"][: len(found)]
        assert {each.headers["Cache-Control"] for each in answers} == {header}
    assert len(server.log()) == 3


def test_cache_shows_a_new_timestamp_after_max_age(tmp_path: Path, server: Nginx) -> None:
    server.stop()
    changed = configuration("server.conf", **{f'"{BRIEFLY}"': '"public, max-age=1"'})
    server = Nginx(tmp_path / "changed", changed)
    (tmp_path / "changed/www/metadata").mkdir()
    server.put("metadata/timestamp.json", b"1")
    server.start()
    cache = Nginx(tmp_path / "cache", configuration("cache.conf", server.url("").removesuffix("/")))
    cache.start()
    try:
        assert get(cache, "metadata/timestamp.json").data == b"1"
        server.put("metadata/timestamp.json", b"2")
        assert get(cache, "metadata/timestamp.json").data == b"1"
        until(lambda: get(cache, "metadata/timestamp.json").data == b"2")
        # The cache hands out nothing old when the server is gone.
        server.stop()
        until(lambda: get(cache, "metadata/timestamp.json").status == 502)
    finally:
        cache.stop()
        server.stop()
