"""Tests of repository_withdraw.py."""

import json
from pathlib import Path

from software_update.testing.command import done, failed
from software_update.testing.repositories import RepositoryFolder, releases


def test_release_is_not_offered_any_more(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    repository.add(*releases(2))
    args = ["repository", "withdraw", str(repository.path), "--now=2027-01-15T08:00:00Z"]
    args += ["--product=meter", "--channel=stable", *repository.options("targets", "snapshot")]
    assert done(*args, "--release=1.2").out.splitlines() == [
        "not offered any more: meter/stable/1.2.bundle",
        "1.2: cannot be recalled from devices that have installed it; publish a newer release for them",
        "published: channel.meter.stable 2, snapshot 3, timestamp 3",
    ]
    assert "has no release '1.2'" in failed(3, *args, "--release=1.2")
    found = json.loads(done(*args, "--release=1.1", "--json").out)
    assert found["paths"] == ["meter/stable/1.1.bundle"]
