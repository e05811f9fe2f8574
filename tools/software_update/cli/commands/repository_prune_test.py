"""Tests of repository_prune.py."""

import json
import os
from pathlib import Path

from software_update.testing.command import done
from software_update.testing.repositories import DAY, NOW, RepositoryFolder, releases


def test_old_objects_go_without_a_key(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    repository.add(*releases(2))
    repository.withdraw("1.2")
    for path in repository.path.glob("**/*"):
        os.utime(path, (NOW, NOW))
    young = repository.path / "metadata/7.snapshot.json"
    young.write_text("of a publisher at work")
    os.utime(young, (NOW + DAY, NOW + DAY))
    args = ["repository", "prune", str(repository.path), *repository.options()]
    args.append("--now=2027-01-23T07:00:00Z")
    dry = done(*args, "--dry-run").out.splitlines()
    assert dry[-1].startswith(f"would remove {len(dry) - 1} objects, ")
    out = done(*args).out.splitlines()
    assert [each.removeprefix("would remove ") for each in dry[:-1]] == [
        each.removeprefix("removed ") for each in out[:-1]
    ]
    assert [each for each in out if each.endswith(".1.2.bundle")]
    assert young.exists()
    assert done(*args).out == "removed 0 objects, 0 bytes\n"
    found = json.loads(done(*args, "--older-than=6d", "--json").out)
    assert found["removed"]
    assert [each["name"] for each in found["objects"]] == ["metadata/7.snapshot.json"]
