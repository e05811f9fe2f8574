"""Tests of step release-list."""

import json
from pathlib import Path

import pytest

from software_update.attachments.release import unverified_release
from software_update.base import files
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e
from software_update.testing.command import done, failed
from software_update.testing.signers import ROOT_KEY

STEP = ("step", "release-list", "--channel=stable", "--trusted-root=root.pb", "-o", "out/p.json")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the current folder one with a root, and two releases of which the second changes no target."""
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    Path("root.pb").write_bytes(e.signed(e.root(), ROOT_KEY))
    Path("root.json").write_bytes(b"{}")
    for version in (1, 2):
        manifest = build_release(ReleaseManifest("clock", f"1.{version}", version))
        contents = {"user_manifest": manifest, "app": b"app"}
        Path(f"{version}.bundle").write_bytes(e.bundle(contents, version=version))
    targets = e.targets_entry(e.signed(e.targets(contents, 2), e.TARGETS_KEY))
    root = e.root_entry(Path("root.pb").read_bytes())
    Path("small.bundle").write_bytes(root + targets + e.payloads({"user_manifest": manifest}))


def digest_of(bundle: str) -> str:
    with files.open_input(bundle) as fd:
        return unverified_release(fd, bundle).digest.hex()


def test_writes_the_list() -> None:
    done(*STEP, "--bundle", "1.bundle", "2.bundle", "--repository-root", "root.json")
    assert json.loads(Path("out/p.json").read_text()) == {
        "schema": "software_update.release_list.v1",
        "channel": "stable",
        "trusted_root": "../root.pb",
        "repository_root": "../root.json",
        "bundles": [
            {"file": "../1.bundle", "release": digest_of("1.bundle")},
            {"file": "../2.bundle", "release": digest_of("2.bundle")},
        ],
    }


def test_lists_personalized_bundles_after_the_whole_ones() -> None:
    personalized = ("--personalized", "small.bundle", "--installed", "1.bundle")
    done(*STEP, *personalized, "--bundle", "2.bundle")
    found = json.loads(Path("out/p.json").read_text())["bundles"]
    assert found == [
        {"file": "../2.bundle", "release": digest_of("2.bundle")},
        {"file": "../small.bundle", "base": "../1.bundle", "release": digest_of("2.bundle")},
    ]


def test_each_personalized_bundle_needs_its_release() -> None:
    arguments = ("--bundle", "2.bundle", "--personalized", "small.bundle")
    message = "step release-list: each --personalized needs an --installed"
    assert failed(2, *STEP, *arguments) == message


def test_refused_bundle_writes_nothing() -> None:
    Path("root.pb").write_bytes(e.signed(e.root(targets_keys=[e.STRANGER]), ROOT_KEY))
    assert failed(1, *STEP, "--bundle", "1.bundle").startswith("1.bundle: ")
    assert not list(Path("out").iterdir())


@pytest.mark.parametrize("place", ["root.pb", "1.bundle", "2.bundle", "small.bundle", "root.json"])
def test_replaces_no_input(place: str) -> None:
    before = Path(place).read_bytes()
    bundles = ("--bundle=2.bundle", "--personalized=small.bundle", "--installed=1.bundle")
    step = (*STEP[:-1], place, *bundles, "--repository-root=root.json")
    assert failed(2, *step).startswith(f"{place}: the output would replace the input")
    assert Path(place).read_bytes() == before
