"""Tests of making sources from a configuration."""

import hashlib
import importlib.util
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.client.config import Part
from software_update.client.repository import Versions
from software_update.client.shell.build_source import build_repository, build_source
from software_update.client.shell.network import UrllibNetwork
from software_update.client.simulator.machine import (
    SimulatedClock,
    SimulatedNetwork,
    SimulatedPrograms,
)
from software_update.client.sources.ddi import DdiSource
from software_update.client.sources.file import FileSource, FolderSource
from software_update.client.sources.resuming import ResumingSource
from software_update.client.system import System
from software_update.testing.memory_storage import MemoryStorage
from software_update.testing.tuf_site import BASE, START, TufSite

SERVER = {
    "url": BASE,
    "bytes_per_second": None,
    "min_bytes_per_second": 1,
    "token_file": None,
    "token_header": "Authorization",
    "ca_file": None,
    "proxy": None,
    "timeout": 30,
}
HTTP = {**SERVER, "attachments": {"tlog-proof": f"{BASE}/proof"}}
REPOSITORY = {**SERVER, "root": "/root.json", "product": "Lamp", "channel": "stable"}
DDI = {
    **{key: value for key, value in SERVER.items() if key != "token_header"},
    "tenant": "DEFAULT",
    "id_file": "/etc/machine-id",
    "attributes": None,
    "shortest_poll": 300,
    "longest_poll": 86400,
}


def system(site: TufSite | None = None) -> System:
    network = UrllibNetwork() if site is None else SimulatedNetwork(site.get)
    return System(MemoryStorage(), SimulatedPrograms(), SimulatedClock(START), network)


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (Part("file", {"path": "/media/usb/lamp.bundle"}), FileSource),
        (Part("folder", {"path": "/media/usb"}), FolderSource),
        (Part("http", HTTP), ResumingSource),
        (Part("ddi", DDI), DdiSource),
    ],
)
def test_each_type_has_its_source(part: Part, kind: type) -> None:
    assert type(build_source(part, system(), "here")) is kind


def test_repository_is_read_with_its_options(tmp_path: Path) -> None:
    site = TufSite()
    site.publish()
    cache = tmp_path / "cache"
    cache.mkdir()
    part = Part("repository", REPOSITORY)
    source = build_repository(part, system(site), "here", site.first_root, str(cache))
    assert source.product == "Lamp"
    assert source.describe() == "updates.example/repository"
    assert source.root == hashlib.sha256(site.first_root).hexdigest()[:8]
    view = source.repository.refresh(Versions(), START)
    assert view.versions.timestamp == 1
    assert list(cache.iterdir())


@pytest.mark.parametrize("missing", ["urllib3", "tuf"])
def test_missing_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else found(name)
    )
    extra = {"urllib3": "client", "tuf": "repository"}[missing]
    expected = f"here: {missing} is missing; install rules_software_update\\[{extra}\\]"
    with pytest.raises(InputError, match=expected):
        build_repository(Part("repository", REPOSITORY), system(), "here", b"", "/cache")
    if missing == "urllib3":
        with pytest.raises(InputError, match=expected):
            build_source(Part("http", SERVER), system(), "here")


def test_bad_address_is_an_error_with_its_place() -> None:
    bad = {**REPOSITORY, "url": f"{BASE}?a=b"}
    with pytest.raises(InputError, match="here: url must not have a query"):
        build_repository(Part("repository", bad), system(), "here", b"", "/cache")
    with pytest.raises(InputError, match="here: url "):
        build_source(Part("http", {**HTTP, "url": "http://:bad"}), system(), "here")
    with pytest.raises(InputError, match="here: attachments: the address of 'tlog-proof' "):
        urls = {"tlog-proof": "http://:bad"}
        build_source(Part("http", {**HTTP, "attachments": urls}), system(), "here")
