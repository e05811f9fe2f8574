"""Tests of the page about S3: its commands run as written, and a cache serves what they publish."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3
from run_page import commands, run
from software_update.client.config_options import SOURCE_TYPES
from software_update.client.sections import Section, read_section
from software_update.testing.s3_server import SETTINGS, endpoint, make_bucket, s3_server
from tuf.ngclient import Updater

from tests.device.nginx import Nginx
from tests.serving.nginx_page import configuration

TOP = Path.cwd()
PAGE = Path("docs/guides/s3.md").read_text(encoding="utf-8")
CODE = Path("tools/software_update/repository/storages/s3.py")


def let_all_read(bucket: str) -> None:
    """Lets every client read a bucket, as a CDN may."""
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::example-lamps/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert urllib3.request("PUT", f"{bucket}?policy", body=policy).status < 300


@pytest.fixture(name="published", scope="module")
def published_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Runs the page. Yields its folder, and the URL of the repository in the bucket."""
    folder, tools = tmp_path_factory.mktemp("page"), tmp_path_factory.mktemp("tools")
    command = tools / "software-update"
    command.write_text(f"#!/bin/sh\nexec '{TOP / os.environ['PUBLISHER']}' \"$@\"\n")
    command.chmod(0o755)
    with s3_server(tools / "log") as port, pytest.MonkeyPatch.context() as patch:
        make_bucket(port, "example-lamps")
        let_all_read(f"{endpoint(port)}/example-lamps")
        for name, value in {**SETTINGS, "AWS_ENDPOINT_URL": endpoint(port)}.items():
            patch.setenv(name, value)
        patch.setenv("PATH", f"{tools}:/usr/local/bin:/usr/bin:/bin")
        patch.chdir(folder)
        assert commands(PAGE)
        problems = run(PAGE)
        assert not problems, "\n\n".join(problems)
        patch.chdir(TOP)
        yield folder, f"{endpoint(port)}/example-lamps/updates"


@pytest.fixture(name="cache")
def cache_fixture(tmp_path: Path, published: tuple[Path, str]) -> Iterator[Nginx]:
    """The cache of the page about nginx, in place of a CDN."""
    # The server knows its buckets by the host.
    changes = {"Host updates.example;": f"Host {urlsplit(published[1]).netloc};"}
    cache = Nginx(tmp_path / "cache", configuration("cache.conf", f"{published[1]}/", **changes))
    cache.start()
    yield cache
    cache.stop()


def rows(heading: str) -> dict[str, str]:
    """Returns the table below the line `| heading |`: the first column and the rest."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    cells = [line.strip("| ").partition(" | ") for line in table.splitlines()[2:]]
    return {first.strip("`"): rest for first, _, rest in cells}


def get(url: str, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, headers=headers, retries=False)


def test_ngclient_fetches_the_release_through_a_cache(
    tmp_path: Path, published: tuple[Path, str], cache: Nginx
) -> None:
    (tmp_path / "targets").mkdir()
    client = Updater(
        str(tmp_path / "metadata"),
        cache.url("metadata/"),
        str(tmp_path / "targets"),
        cache.url("targets/"),
        bootstrap=(published[0] / "repository_root.json").read_bytes(),
    )
    found = client.get_targetinfo("lamp/stable/1.0.bundle")
    assert found is not None
    bundle = Path(client.download_target(found)).read_bytes()
    assert bundle == (published[0] / "lamp-1.0.bundle").read_bytes()


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("metadata/timestamp.json", "metadata/timestamp.json"),
        ("metadata/1.root.json", "other metadata"),
    ],
)
def test_objects_have_the_headers_of_the_table(
    published: tuple[Path, str], cache: Nginx, name: str, row: str
) -> None:
    direct = get(f"{published[1]}/{name}", Range="bytes=0-9")
    assert direct.status == 206
    shown = re.findall(r"`([^`]+)`", rows("object")[row])
    assert [direct.headers["Cache-Control"], direct.headers["Content-Type"]] == shown
    for status in ("MISS", "HIT"):
        answer = get(cache.url(name))
        assert (answer.status, answer.headers["X-Cache-Status"]) == (200, status)
        assert answer.headers["Cache-Control"] == shown[0]


def test_bundle_has_the_headers_of_the_table(published: tuple[Path, str]) -> None:
    listing = get(f"{published[1].rpartition('/')[0]}?prefix=updates/targets/lamp").data.decode()
    [name] = re.findall(r"<Key>([^<]+1\.0\.bundle)</Key>", listing)
    answer = get(f"{published[1].rpartition('/')[0]}/{name}")
    shown = re.findall(r"`([^`]+)`", rows("object")["bundles"])
    assert [answer.headers["Cache-Control"], answer.headers["Content-Type"]] == shown


@pytest.mark.parametrize("error", rows("error"))
def test_errors_are_those_of_the_storage(error: str) -> None:
    joined = re.sub(r'"\s+f?"', "", CODE.read_text(encoding="utf-8"))
    assert error in joined


def test_configuration_of_a_device_is_valid() -> None:
    [text] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    [source] = tomllib.loads(text)["domains"]["system"]["sources"]
    assert read_section(Section("", "", [], SOURCE_TYPES), source, "")[1] == []
