"""Tests of prune.py."""

from pathlib import Path

import pytest

from software_update.repository.prune import prune
from software_update.testing.memory_objects import MemoryObjects
from software_update.testing.repositories import RepositoryFolder, releases


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def repository(tmp_path: Path, objects: MemoryObjects) -> RepositoryFolder:
    repository = RepositoryFolder(tmp_path, storage=objects)
    repository.add(*releases(3), kept=2, attachments={"sbom": b"{}"})
    repository.withdraw("1.3")
    objects.written = 100
    return repository


def test_only_objects_that_no_metadata_names_go(
    repository: RepositoryFolder, objects: MemoryObjects
) -> None:
    objects.objects["metadata/9.channel.meter.stable.json"] = b"left by a publisher that was killed"
    objects.objects["other/file"] = b"not ours"
    before = dict(objects.objects)
    removed = {each.name for each in prune(objects, repository.current(), 101)}
    assert before.keys() - objects.objects.keys() == removed
    bundles = sorted(name.partition(".")[2] for name in removed if name.startswith("targets/"))
    assert bundles == ["1.3.bundle"]
    assert "metadata/1.snapshot.json" in removed
    assert "metadata/1.root.json" not in removed
    assert "metadata/9.channel.meter.stable.json" in removed
    assert "other/file" in objects.objects
    # All that is needed is still there.
    current = repository.current()
    for name in current.role_names():
        current.role(name)


def test_young_objects_stay(repository: RepositoryFolder, objects: MemoryObjects) -> None:
    assert prune(objects, repository.current(), 100) == []
