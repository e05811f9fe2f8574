"""Tests of a repository through python-tuf's client, with a server in memory."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tuf.api.metadata import Targets

from software_update.bundle.head import read_head
from software_update.client.repository import (
    Listed,
    Problem,
    RepositoryRejected,
    Versions,
    View,
)
from software_update.client.shell.files import MachineStorage
from software_update.client.shell.tuf_repository import RepositorySettings, TufRepository
from software_update.client.simulator.machine import (
    SimulatedClock,
    SimulatedNetwork,
    SimulatedPrograms,
)
from software_update.client.source import SourceError, attachment_of, first_part_of
from software_update.client.sources.requests import HttpSettings
from software_update.client.system import System
from software_update.format.catalog import build_entry
from software_update.format.rollout import Band, Rollout
from software_update.testing import encode as e
from software_update.testing.tuf_site import BASE, DAY, START, TufSite, new_key, signed

BUNDLE = e.bundle({"user_manifest": b"{}", "app": b"application\n" * 1000})


class Device:
    """A device with a folder for the cache, and the versions that it has recorded."""

    def __init__(self, site: TufSite, folder: Path) -> None:
        self.site = site
        self.cache = folder / "cache"
        self.clock = SimulatedClock()
        self.versions = Versions()
        self.repository = self.started()

    def started(
        self, url: str = BASE, *, channel: str = "stable", root: bytes = b""
    ) -> TufRepository:
        network = SimulatedNetwork(self.site.get)
        system = System(MachineStorage(), SimulatedPrograms(), self.clock, network)
        root = root or self.site.first_root
        settings = RepositorySettings(HttpSettings(url), root, "Lamp", channel, str(self.cache))
        return TufRepository(system, self.clock.advance, settings)

    def check(self, at: int = START) -> View:
        """Refreshes after a start of the client, and records the versions."""
        self.repository = self.started()
        view = self.repository.refresh(self.versions, at)
        self.versions = view.versions
        return view

    def requests(self, act: Callable[[], object]) -> list[str]:
        """Returns the names of the objects that `act` requests."""
        self.site.requests.clear()
        act()
        return [each.url.removeprefix(f"{BASE}/") for each in self.site.requests]


@pytest.fixture(name="site")
def site_fixture() -> TufSite:
    site = TufSite()
    site.add_bundle(BUNDLE, site.entry(7, BUNDLE))
    site.publish()
    return site


@pytest.fixture(name="device")
def device_fixture(site: TufSite, tmp_path: Path) -> Device:
    return Device(site, tmp_path)


def problem_of(act: Callable[[], object]) -> Problem:
    with pytest.raises(RepositoryRejected) as caught:
        act()
    assert "\n" not in str(caught.value)
    return caught.value.problem


# What it finds.


def test_view_has_bundles_rules_and_versions(site: TufSite, device: Device) -> None:
    release = f"{7:064x}"
    site.set_rollouts(Rollout(release, (Band(5, START),)))
    site.publish(site.rollout_role)
    view = device.check()
    [listed] = view.listed
    assert listed == Listed(
        "Lamp/stable/1.7.0.bundle",
        len(BUNDLE),
        e.sha256(BUNDLE).hex(),
        site.entry(7, BUNDLE),
    )
    assert view.rollouts == {release: Rollout(release, (Band(5, START),))}
    keys = view.versions.keys
    assert view.versions == Versions(1, 2, 2, 1, 1, 2, keys, START + DAY)
    assert len(keys) == 16
    assert keys.endswith(e.sha256(b"channel.Lamp.stable").hex()[:8])


def test_repository_without_rules_has_none(device: Device) -> None:
    assert device.check().rollouts == {}


def test_bundle_is_opened_by_one_exact_range(site: TufSite, device: Device) -> None:
    [listed] = device.check().listed
    site.requests.clear()
    bundle = device.repository.open(listed)
    head = read_head(bundle, first_part_of(bundle))
    assert (head.end, head.user_manifest) == (listed.entry.first_part, b"{}")
    [sent] = site.requests
    assert sent.headers["Range"] == f"bytes=0-{listed.entry.first_part - 1}"
    assert sent.url == f"{BASE}/targets/Lamp/stable/{listed.sha256}.1.7.0.bundle"
    bundle.expect(0, bundle.size())
    assert bundle.read(head.end, bundle.size() - head.end) == BUNDLE[head.end :]
    bundle.close()


def test_older_release_is_found_in_the_archive(site: TufSite, device: Device) -> None:
    old = {
        f"Lamp/stable/1.{n}.0.bundle": TufSite.target(site, f"Lamp/stable/1.{n}.0.bundle", b"x" * n)
        for n in (1, 2)
    }
    for n, (path, target) in enumerate(old.items(), 1):
        target.unrecognized_fields["custom"] = _custom(site, n)
        assert target.path == path
    site.add_archive(old)
    site.publish("targets")
    view = device.check()
    assert [each.path for each in view.listed] == ["Lamp/stable/1.7.0.bundle"]
    requests = device.requests(lambda: device.repository.find("Lamp/stable/1.2.0.bundle"))
    assert len(requests) == 2
    found = device.repository.find("Lamp/stable/1.2.0.bundle")
    assert found is not None
    assert (found.length, found.entry.counter) == (2, 2)
    assert device.repository.find("Lamp/stable/1.3.0.bundle") is None
    assert device.repository.find("Radio/stable/1.2.0.bundle") is None
    listed = device.repository.find("Lamp/stable/1.7.0.bundle")
    assert listed == view.listed[0]


def test_attachments_are_fetched_from_the_archive_on_request_only(
    site: TufSite, device: Device
) -> None:
    path = "Lamp/stable/1.7.0.bundle.tlog-proof"
    proof = TufSite.target(site, path, b"proof")
    site.add_archive({path: proof})
    site.publish("targets")
    [listed] = device.check().listed
    bundle = device.repository.open(listed)
    found = device.requests(lambda: attachment_of(bundle, "tlog-proof", 5))
    assert len(found) == 3
    assert found[0] == "metadata/1.archive.json"
    assert found[2] == f"targets/Lamp/stable/{proof.hashes['sha256']}.1.7.0.bundle.tlog-proof"
    assert attachment_of(bundle, "tlog-proof", 5) == b"proof"
    assert attachment_of(bundle, "audit", 5) is None
    assert problem_of(lambda: attachment_of(bundle, "tlog-proof", 4)) is Problem.TOO_LARGE
    site.objects[found[2]] = b"other"
    assert problem_of(lambda: attachment_of(bundle, "tlog-proof", 5)) is Problem.INCONSISTENT
    del site.objects[found[2]]
    with pytest.raises(SourceError, match="HTTP status 404"):
        attachment_of(bundle, "tlog-proof", 5)
    # A check fetches neither the archive nor an attachment.
    assert not [
        each for each in device.requests(device.check) if "archive" in each or "proof" in each
    ]


def test_personalized_bundle_has_the_attachments_of_the_full_one(
    site: TufSite, device: Device
) -> None:
    name = "1.7.0.from-3"
    site.add_bundle(BUNDLE, site.entry(7, BUNDLE, base="ab" * 32), name)
    path = "Lamp/stable/1.7.0.bundle.tlog-proof"
    site.add_archive({path: TufSite.target(site, path, b"proof")})
    site.publish("targets", site.channel_role)
    [listed] = (each for each in device.check().listed if each.path.endswith(f"{name}.bundle"))
    bundle = device.repository.open(listed)
    assert attachment_of(bundle, "tlog-proof", 5) == b"proof"
    bundle.close()


def test_attachments_need_a_refresh(device: Device) -> None:
    [listed] = device.check().listed
    bundle = device.repository.open(listed)
    with pytest.raises(SourceError):
        device.repository.refresh(replace(device.versions, root=9), START)
    with pytest.raises(SourceError, match="has not been refreshed"):
        attachment_of(bundle, "tlog-proof", 5)


def _custom(site: TufSite, counter: int) -> object:
    return build_entry(site.entry(counter)._replace(first_part=1))


def test_find_needs_a_refresh(device: Device) -> None:
    with pytest.raises(SourceError, match="has not been refreshed"):
        device.repository.find("Lamp/stable/1.7.0.bundle")


def test_description_has_no_credentials(device: Device) -> None:
    repository = device.started(url="https://me:secret@updates.example/lamp/")
    assert repository.describe() == "updates.example/lamp"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://a/b?token=1", "^url must not have a query or a fragment$"),
        ("ftp://a/b", "^url is neither http:// nor https://$"),
    ],
)
def test_bad_url_is_an_error(device: Device, url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        device.started(url=url)


def test_bad_channel_is_an_error(device: Device) -> None:
    with pytest.raises(ValueError, match=r"^channel must have 1 to 32 lower-case letters"):
        device.started(channel="Stable")


@pytest.mark.parametrize("root", [b"{}", b"[", b'{"signed": {}, "signatures": []}'])
def test_invalid_root_in_the_image_is_named(device: Device, root: bytes) -> None:
    repository = device.started(root=root)
    with pytest.raises(RepositoryRejected, match=r"must be the root\.json of this"):
        repository.refresh(Versions(), START)


def test_archive_that_does_not_fit_is_rejected(site: TufSite, device: Device) -> None:
    site.add_archive({})
    site.publish("targets")
    device.check()
    site.objects["metadata/1.archive.json"] += b" "
    find = device.repository.find
    assert problem_of(lambda: find("Lamp/stable/1.0.0.bundle")) is Problem.TOO_LARGE


def test_full_disk_while_the_archive_is_read_names_the_cache(
    site: TufSite, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    site.add_archive({})
    site.publish("targets")
    device.check()
    monkeypatch.setattr("os.replace", full)
    with pytest.raises(SourceError, match=f"^{device.cache}: No space left on device$"):
        device.repository.find("Lamp/stable/1.0.0.bundle")


# Requests.


def test_check_that_finds_nothing_new_sends_two_requests(device: Device) -> None:
    device.check()
    requests = device.requests(device.check)
    assert requests == ["metadata/2.root.json", "metadata/timestamp.json"]


def test_first_check_sends_six_requests(site: TufSite, device: Device) -> None:
    assert device.requests(device.check) == [
        "metadata/2.root.json",
        "metadata/timestamp.json",
        "metadata/1.snapshot.json",
        "metadata/1.targets.json",
        f"metadata/1.{site.rollout_role}.json",
        f"metadata/1.{site.channel_role}.json",
    ]


# Floors.


def test_repository_that_begins_anew_is_rolled_back(site: TufSite, device: Device) -> None:
    old = dict(site.objects)
    device.check()
    site.publish(site.channel_role)
    device.check()
    site.objects = old
    MachineStorage().remove(str(device.cache))
    assert problem_of(device.check) is Problem.ROLLED_BACK


@pytest.mark.parametrize("name", ["root", "timestamp", "snapshot", "targets", "channel", "rollout"])
def test_each_version_is_a_floor(device: Device, name: str) -> None:
    view = device.check()
    higher = {name: getattr(view.versions, name) + 1}
    device.versions = replace(view.versions, **higher)
    assert problem_of(device.check) is Problem.ROLLED_BACK


def test_new_online_key_ends_the_floors_of_its_thief(site: TufSite, device: Device) -> None:
    device.check()
    honest = (site.timestamp.version, site.snapshot.version)
    site.timestamp.version = site.snapshot.version = 10**9
    site.publish()
    device.check()
    assert device.versions.timestamp > 10**9
    site.timestamp.version, site.snapshot.version = honest
    site.signers["snapshot"] = site.signers["timestamp"] = [new_key()]
    site.publish_root()
    site.publish()
    device.check()
    assert (device.versions.root, device.versions.timestamp) == (2, honest[0] + 1)
    # Its own version is a floor in any case.
    device.versions = replace(device.versions, root=3, keys="other")
    assert problem_of(device.check) is Problem.ROLLED_BACK


def test_role_of_the_same_key_and_version_in_the_place_of_another_is_rejected(
    site: TufSite, device: Device
) -> None:
    """It would show no bundle, and the client would be up to date with a fresh timestamp."""
    name = f"metadata/1.{site.channel_role}.json"
    other = Targets(version=1, expires=site.after(90))
    site.objects[name] = signed(other, *site.signers["targets"])
    assert problem_of(device.check) is Problem.INCONSISTENT


def test_form_that_tuf_does_not_expect_is_rejected_as_malformed(
    site: TufSite, device: Device
) -> None:
    delegations = site.roles["targets"].delegations
    assert delegations is not None
    assert delegations.roles is not None
    delegations.roles[site.channel_role].name = 7  # type: ignore[assignment]
    site.publish("targets")
    with pytest.raises(RepositoryRejected, match=r"a role cannot be read \(TypeError: ") as caught:
        device.check()
    assert caught.value.problem is Problem.MALFORMED


def test_file_that_is_not_a_root_is_named_by_its_option(
    site: TufSite, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TufSite, "first_root", b"root of a product")
    with pytest.raises(RepositoryRejected, match=r"option root names is not valid \(") as caught:
        device.check()
    assert caught.value.problem is Problem.MALFORMED


def test_page_of_another_server_is_malformed(site: TufSite, device: Device) -> None:
    site.objects["metadata/timestamp.json"] = b"<html>Please log in.</html>"
    with pytest.raises(RepositoryRejected, match="check that no other page answers") as caught:
        device.check()
    assert caught.value.problem is Problem.MALFORMED


def test_tuf_is_imported_only_for_a_check(tmp_path: Path) -> None:
    program = f"""
import sys
from software_update.client.shell.build import machine
from software_update.client.shell.tuf_repository import *
http = HttpSettings("http://127.0.0.1:1")
repository = TufRepository(machine(), print, RepositorySettings(http, b"{{}}", "a", "b", {str(tmp_path)!r}))
before = "tuf" in sys.modules
try:
    repository.refresh(Versions(), 1)
except RepositoryRejected:
    print(before, "tuf" in sys.modules)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "False True\n"
