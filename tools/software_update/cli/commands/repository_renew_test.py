"""Tests of repository_renew.py."""

import json
from pathlib import Path

from software_update.testing.command import done, failed
from software_update.testing.repositories import RepositoryFolder


def test_roles_that_expire_soon_are_renewed(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    args = ["repository", "renew", str(repository.path)]
    snapshot = repository.options("snapshot")
    assert "name a --targets-key, a --rollout-key, or both" in failed(2, *args, *snapshot)
    args += [*snapshot, "--targets-key", str(repository.key("targets"))]
    early = "--now=2027-01-16T08:00:00Z"
    assert done(*args, early).out == "nothing expires within 45d; nothing is published\n"
    assert json.loads(done(*args, early, "--json").out)["roles"] == []
    found = json.loads(done(*args, "--now=2027-03-16T08:00:00Z", "--json").out)
    assert {"role": "archive-1f", "version": 2} in found["roles"]
    out = done(*args, early, "--within=1000d").out
    assert (
        out == "published: 32 bins of the archive, archive 3, targets 3, snapshot 3, timestamp 3\n"
    )
