"""Tests of repository_status.py."""

import json
from pathlib import Path

from software_update.testing.command import done, failed
from software_update.testing.repositories import NOW, RepositoryFolder, releases


def test_channels_and_expiries_are_listed(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    made = releases(2)
    repository.add(*made)
    repository.rollout("1.2", (5, NOW))
    args = ["repository", "status", str(repository.path), *repository.options()]
    lines = done(*args).out.splitlines()
    length = len(made[0].bundle)
    assert lines[:4] == [
        "meter stable:",
        f"  1.2: counter 2, {length} bytes; 5 % from 2027-01-15T08:00:00Z",
        f"  1.1: counter 1, {length} bytes; no rollout rules: only people who ask install it",
        "root version 1 expires 2028-01-15T08:00:00Z",
    ]
    document = json.loads(done(*args, "--json").out)
    assert [each["version"] for each in document["channels"][0]["bundles"]] == ["1.2", "1.1"]
    assert "not a storage" in failed(2, *args[:2], "ftp://x", *args[3:])
