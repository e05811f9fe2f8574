"""Tests of the content of verified roles."""

from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import TargetFile

from software_update.client.repository import Problem, RepositoryRejected, Versions, View
from software_update.client.shell.files import MachineStorage
from software_update.client.shell.tuf_repository import RepositorySettings, TufRepository
from software_update.client.simulator.machine import (
    SimulatedClock,
    SimulatedNetwork,
    SimulatedPrograms,
)
from software_update.client.sources.requests import HttpSettings
from software_update.client.system import System
from software_update.format.catalog import build_entry
from software_update.testing.tuf_site import BASE, START, TufSite

CONTENT = b"b" * 2000


@pytest.fixture(name="site")
def site_fixture() -> TufSite:
    site = TufSite()
    site.add_bundle(CONTENT, site.entry(7))
    return site


def view(site: TufSite, folder: Path) -> View:
    site.publish()
    clock = SimulatedClock()
    network = SimulatedNetwork(site.get)
    system = System(MachineStorage(), SimulatedPrograms(), clock, network)
    settings = RepositorySettings(
        HttpSettings(BASE), site.first_root, "Lamp", "stable", str(folder / "cache")
    )
    return TufRepository(system, clock.advance, settings).refresh(Versions(), START)


def rejection(site: TufSite, folder: Path) -> tuple[Problem, str]:
    with pytest.raises(RepositoryRejected) as caught:
        view(site, folder)
    text = str(caught.value)
    assert text.startswith("updates.example/repository: ")
    return caught.value.problem, text.removeprefix("updates.example/repository: ")


def listed(site: TufSite, path: str = "Lamp/stable/1.8.0.bundle", **changes: Any) -> None:
    """Adds an entry with these fields of its JSON; None leaves one out."""
    custom = {**build_entry(site.entry(8)), **changes}
    custom = {name: value for name, value in custom.items() if value is not None}
    site.roles[site.channel_role].targets[path] = site.target(path, CONTENT, custom)


def test_attachments_are_not_bundles(site: TufSite, tmp_path: Path) -> None:
    path = "Lamp/stable/1.7.0.bundle.sbom.json"
    site.roles[site.channel_role].targets[path] = site.target(path, b"{}")
    assert [each.path for each in view(site, tmp_path).listed] == ["Lamp/stable/1.7.0.bundle"]


@pytest.mark.parametrize(
    "path", ["Radio/stable/1.0.0.bundle", "Lamp/beta/1.0.0.bundle", "Lamp/stable/a/1.0.0.bundle"]
)
def test_path_outside_the_delegation_is_rejected(site: TufSite, tmp_path: Path, path: str) -> None:
    listed(site, path)
    assert rejection(site, tmp_path) == (
        Problem.NOT_DELEGATED,
        f"channel.Lamp.stable lists '{path}'",
    )


def test_delegation_of_other_paths_than_the_channels_is_rejected(
    site: TufSite, tmp_path: Path
) -> None:
    delegations = site.roles["targets"].delegations
    assert delegations is not None
    assert delegations.roles is not None
    delegations.roles[site.channel_role].paths = ["Lamp/stable/*", "Radio/*/*"]
    listed(site, "Radio/stable/1.0.0.bundle")
    problem, text = rejection(site, tmp_path)
    assert problem is Problem.NOT_DELEGATED
    assert text == "a role lists 'Radio/stable/1.0.0.bundle' for Lamp/stable/"


def test_channel_that_is_not_delegated_is_rejected(site: TufSite, tmp_path: Path) -> None:
    delegations = site.roles["targets"].delegations
    assert delegations is not None
    assert delegations.roles is not None
    delegations.roles.pop(site.channel_role)
    assert rejection(site, tmp_path) == (
        Problem.NOT_DELEGATED,
        "has no channel 'stable' of the product 'Lamp': the role targets does not delegate Lamp/stable/ to "
        "channel.Lamp.stable; check channel and product",
    )


@pytest.mark.parametrize("name", ["channel.Lamp.stable", "rollout.Lamp.stable"])
def test_role_without_its_sha256_in_the_snapshot_is_rejected(
    site: TufSite, tmp_path: Path, name: str
) -> None:
    site.publish()
    site.snapshot.meta[f"{name}.json"].hashes = None
    assert rejection(site, tmp_path) == (
        Problem.INCONSISTENT,
        f"the snapshot lists {name} without its SHA-256",
    )


def test_bundle_of_another_product_is_rejected(site: TufSite, tmp_path: Path) -> None:
    listed(site, product="Radio")
    assert rejection(site, tmp_path) == (
        Problem.NOT_DELEGATED,
        "Lamp/stable/1.8.0.bundle is a bundle of the product 'Radio', not 'Lamp'",
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"release": "7"}, "release must be a SHA-256 in 64 hexadecimal digits"),
        ({"release_counter": None}, "release_counter must be an integer"),
        ({"kind": "game"}, "kind must be one of"),
        ({"first_part": 0}, "has 2000 bytes, and a first part of 0"),
        ({"first_part": 2001}, "has 2000 bytes, and a first part of 2001"),
    ],
)
def test_entry_that_cannot_be_read_is_rejected(
    site: TufSite, tmp_path: Path, changes: dict[str, Any], problem: str
) -> None:
    listed(site, **changes)
    name, text = rejection(site, tmp_path)
    assert name is Problem.MALFORMED
    assert text.startswith("Lamp/stable/1.8.0.bundle")
    assert problem in text


@pytest.mark.parametrize("name", ["a b", "a?b", "..", "a%2fb", "-a"])
def test_path_that_is_not_that_of_a_file_is_rejected(
    site: TufSite, tmp_path: Path, name: str
) -> None:
    listed(site, f"Lamp/stable/{name}")
    assert rejection(site, tmp_path)[0] is Problem.MALFORMED


def test_bundle_without_sha256_is_rejected(site: TufSite, tmp_path: Path) -> None:
    path = "Lamp/stable/1.8.0.bundle"
    custom = {"custom": build_entry(site.entry(8))}
    target = TargetFile(2000, {"sha512": "0" * 128}, path, custom)
    site.roles[site.channel_role].targets[path] = target
    assert rejection(site, tmp_path) == (
        Problem.MALFORMED,
        f"'{path}' is not a valid path, or has no SHA-256",
    )


def test_rollout_role_that_lists_a_bundle_is_rejected(site: TufSite, tmp_path: Path) -> None:
    site.set_rollouts()
    path = "Lamp/stable/1.8.0.bundle"
    entry = build_entry(site.entry(8))
    site.roles[site.rollout_role].targets[path] = site.target(path, CONTENT, entry)
    assert rejection(site, tmp_path) == (
        Problem.NOT_DELEGATED,
        f"rollout.Lamp.stable lists '{path}'",
    )


def test_rules_that_cannot_be_read_are_rejected(site: TufSite, tmp_path: Path) -> None:
    path = site.rollout_path
    site.roles[site.rollout_role].targets[path] = site.target(path, b"{}", {"schema": "other"})
    problem, text = rejection(site, tmp_path)
    assert problem is Problem.MALFORMED
    assert text == f"{path}: does not have the schema software_update.rollout.v1"


def test_channel_without_a_rollout_role_has_no_rules(site: TufSite, tmp_path: Path) -> None:
    site.roles.pop(site.rollout_role)
    delegations = site.roles["targets"].delegations
    assert delegations is not None
    assert delegations.roles is not None
    delegations.roles.pop(site.rollout_role)
    found = view(site, tmp_path)
    assert (found.rollouts, found.versions.rollout) == ({}, 0)
