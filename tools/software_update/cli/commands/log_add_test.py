"""Tests of log_add.py."""

import json
from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing.command import done, failed
from software_update.testing.log_folders import LogFolder
from software_update.testing.repositories import releases


@pytest.fixture
def log(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path)


def test_releases_are_added_once(log: LogFolder) -> None:
    one, two = map(log.bundle, releases(2))
    first = done("log", "add", log.path, one, *log.trusted).out.splitlines()
    assert first == [
        f"{one}: meter 1: added as record 0",
        "1 records; sign them with: software-update log sign",
    ]
    both = done("log", "add", log.path, one, two, *log.trusted).out.splitlines()
    assert both[:2] == [
        f"{one}: meter 1: is already record 0",
        f"{two}: meter 2: added as record 1",
    ]
    assert done("log", "add", log.path, one, *log.trusted).out.splitlines() == both[:1]


def test_json(log: LogFolder) -> None:
    release = releases(1)[0]
    found = json.loads(
        done("log", "add", log.path, log.bundle(release), *log.trusted, "--json").out
    )
    assert found["size"] == 1
    assert found["releases"][0]["release"] == release.digest


def test_a_bundle_that_devices_reject_is_not_added(log: LogFolder) -> None:
    good, bad = log.bundle(releases(1)[0]), log.folder / "bad.bundle"
    bad.write_bytes(good.read_bytes()[:-1])
    assert "bad.bundle: " in failed(1, "log", "add", log.path, good, bad, *log.trusted)
    assert not (log.path / "tile").exists()


def test_a_release_without_a_release_manifest(log: LogFolder) -> None:
    bundle = log.folder / "bare.bundle"
    bundle.write_bytes(e.bundle({"app": b"application"}))
    out = failed(1, "log", "add", log.path, bundle, *log.trusted)
    assert "bare.bundle" in out
    assert "has no release manifest" in out


def test_another_folder(log: LogFolder) -> None:
    bundle = log.bundle(releases(1)[0])
    assert "make one with: log init" in failed(3, "log", "add", log.folder, bundle, *log.trusted)
