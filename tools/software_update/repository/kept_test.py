"""Tests of kept.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.repository.kept import fleet_of, read_kept
from software_update.testing.memory_objects import MemoryObjects
from software_update.testing.repositories import Release, RepositoryFolder, releases


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def repository(tmp_path: Path, objects: MemoryObjects) -> RepositoryFolder:
    return RepositoryFolder(tmp_path, storage=objects)


def table(repository: RepositoryFolder, *new: Release) -> list[tuple[str, str | None, str, str]]:
    """The actions of devices with the last of the releases to add."""
    added = repository.add(*new).added[-1]
    return [
        (each.kept.name, each.hardware_id, each.verdict, " ".join(each.first))
        for each in added.fleet
    ]


def test_devices_update_at_once_or_by_stepping_stones_or_not(repository: RepositoryFolder) -> None:
    repository.add(Release("1.0", 1), Release("2.0", 5, minimum=2), Release("2.1", 6))
    assert table(repository, Release("3.0", 9, minimum=6)) == [
        ("meter 1.0", None, "RELEASE_GAP", "meter 2.1"),
        ("meter 2.0", None, "RELEASE_GAP", "meter 2.1"),
        ("meter 2.1", None, "ACCEPT", ""),
    ]


def test_rows_for_each_hardware_that_a_release_names(repository: RepositoryFolder) -> None:
    repository.add(Release("1.0", 1, more={"hardware_ids": ["a", "b"]}))
    assert table(repository, Release("2.0", 2, more={"hardware_ids": ["b", "c"]})) == [
        ("meter 1.0", "a", "WRONG_HARDWARE", ""),
        ("meter 1.0", "b", "ACCEPT", ""),
        ("meter 1.0", "c", "ACCEPT", ""),
    ]


def test_only_first_parts_are_read(repository: RepositoryFolder, objects: MemoryObjects) -> None:
    repository.add(Release("1.0", 1, {"app": bytes(100_000)}))
    role = repository.current().role("channel.meter.stable")
    (kept,) = fleet_of(objects, role.targets)
    assert kept.name == "meter 1.0"
    assert kept.release.user_manifest == Release("1.0", 1).manifest
    assert kept.root.common.version == 1


def test_missing_and_changed_bundles(repository: RepositoryFolder, objects: MemoryObjects) -> None:
    repository.add(*releases(1))
    ((path, target),) = repository.current().role("channel.meter.stable").targets.items()
    name = next(each for each in objects.objects if each.endswith(".1.1.bundle"))
    good = objects.objects[name]
    objects.objects[name] = b"\xff" + good[1:]
    with pytest.raises(InputError, match="is not a bundle that devices accept"):
        read_kept(objects, path, target)
    objects.objects[name] = Release("1.1", 1, {"app": b"another 1.1\n    "}).bundle
    with pytest.raises(InputError, match="is another release than the repository lists"):
        read_kept(objects, path, target)
    del objects.objects[name]
    with pytest.raises(InputError, match="is missing; restore it"):
        read_kept(objects, path, target)
    # A broken bundle does not prevent the next release, if the table is not wanted.
    with pytest.raises(InputError, match="is missing; restore it"):
        repository.add(*releases(1, 2))
    assert repository.add(*releases(1, 2), fleet=False).added[0].fleet == ()
