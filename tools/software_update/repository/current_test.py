"""Tests of current.py."""

import json
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.repository.current import read_current
from software_update.testing.memory_objects import MemoryObjects
from software_update.testing.repositories import RepositoryFolder, releases


def make(tmp_path: Path) -> tuple[RepositoryFolder, MemoryObjects]:
    objects = MemoryObjects()
    return RepositoryFolder(tmp_path, storage=objects), objects


def test_empty_place_and_another_repository_are_told_apart(tmp_path: Path) -> None:
    repository, objects = make(tmp_path / "one")
    other = RepositoryFolder(tmp_path / "other")
    root = repository.root.read_bytes()
    with pytest.raises(InputError, match="memory: is not a repository"):
        read_current(MemoryObjects(), root, "root.json")
    # Not signed any more.
    changed = json.loads(other.root.read_bytes())
    changed["signed"]["expires"] = "2030-01-01T00:00:00Z"
    with pytest.raises(InputError, match=r"root.json: is not valid .*name the root.json"):
        read_current(repository.storage, json.dumps(changed).encode(), "root.json")
    with pytest.raises(InputError, match=r"root.json: is not valid"):
        read_current(repository.storage, b"no JSON", "root.json")
    snapshot = objects.objects["metadata/1.snapshot.json"]
    with pytest.raises(InputError, match="it is snapshot metadata"):
        read_current(repository.storage, snapshot, "root.json")


def test_missing_and_changed_roles_are_errors(tmp_path: Path) -> None:
    repository, objects = make(tmp_path)
    repository.add(*releases(1))
    name = "metadata/1.channel.meter.stable.json"
    good = objects.objects.pop(name)
    with pytest.raises(InputError, match=f"{name}: is missing; restore it"):
        repository.current().role("channel.meter.stable")
    objects.objects[name] = good.replace(b"1.1", b"9.9")
    with pytest.raises(InputError, match=f"{name}: is not valid"):
        repository.current().role("channel.meter.stable")
    objects.objects[name] = good + b" "
    with pytest.raises(InputError, match="length"):
        repository.current().role("channel.meter.stable")
    with pytest.raises(InputError, match=r"has no role channel\.a\.b"):
        repository.current().role("channel.a.b")


def test_role_of_another_version_is_an_error(tmp_path: Path) -> None:
    repository, objects = make(tmp_path)
    repository.add(*releases(1))
    repository.add(*releases(1, first=2))
    older = objects.objects["metadata/1.channel.meter.stable.json"]
    meta = repository.current().snapshot.meta["channel.meter.stable.json"]
    assert meta.version == 2
    objects.objects["metadata/2.channel.meter.stable.json"] = older
    current = repository.current()
    meta = current.snapshot.meta["channel.meter.stable.json"]
    meta.length, meta.hashes = len(older), None
    with pytest.raises(InputError, match="it has version 1"):
        current.role("channel.meter.stable")
