"""Tests of repository_rollout_keys.py."""

import json
from pathlib import Path

from software_update.testing import encode as e
from software_update.testing.command import done, failed
from software_update.testing.repositories import RepositoryFolder, releases
from software_update.testing.signers import write_keys


def test_keys_are_replaced(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    repository.add(*releases(1))
    write_keys(tmp_path / "keys", new=e.Key.named("new").scalar)
    new = str(tmp_path / "keys/new.pem")
    args = [
        *("repository", "rollout-keys", str(repository.path), "--new-public", f"{new}.pub"),
        *("--targets-key", str(repository.key("targets")), *repository.options("snapshot")),
    ]
    assert "rollout" in failed(1, *args, "--rollout-key", str(repository.key("rollout")))
    out = done(*args, "--rollout-key", new, "--now=2027-01-16T08:00:00Z").out
    assert out.startswith("published: ")
    assert "rollout.meter.stable 2" in out
    found = json.loads(done(*args, "--rollout-key", new, "--json").out)
    assert {"role": "rollout.meter.stable", "version": 3} in found["roles"]
