"""Tests of check.py."""

import copy
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.repository.check import Expiry, Report, check
from software_update.repository.publication import Change, publish
from software_update.testing.memory_objects import MemoryObjects
from software_update.testing.repositories import DAY, NOW, RepositoryFolder, releases


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def repository(tmp_path: Path, objects: MemoryObjects) -> RepositoryFolder:
    repository = RepositoryFolder(tmp_path, storage=objects)
    repository.add(*releases(3), kept=2, attachments={"sbom": b"{}"})
    repository.rollout("1.3", (5, NOW))
    return repository


def checked(repository: RepositoryFolder, *, payloads: bool = True) -> Report:
    root = repository.root.read_bytes()
    return check(repository.storage, root, str(repository.root), payloads=payloads)


def problems(repository: RepositoryFolder) -> list[str]:
    return [f"{each.place}: {each.text}" for each in checked(repository).problems]


def test_good_repository_has_no_problem(repository: RepositoryFolder) -> None:
    report = checked(repository)
    assert report.problems == []
    # Three bundles with one attachment each, and the rules.
    assert report.objects == 7
    assert report.bytes > sum(len(each.bundle) for each in releases(3))
    assert len(report.expiries) == 39
    assert checked(repository, payloads=False).objects == 0


def test_expiries_in_order(repository: RepositoryFolder) -> None:
    report = checked(repository)
    assert report.expired(NOW) == []
    soon = report.expiring(NOW, 14 * DAY)
    assert soon == [
        Expiry("timestamp", 3, NOW + DAY),
        Expiry("snapshot", 3, NOW + 7 * DAY),
    ]
    assert [each.role for each in report.expired(NOW + DAY)] == ["timestamp"]


def test_missing_and_changed_objects(repository: RepositoryFolder, objects: MemoryObjects) -> None:
    bundle = next(name for name in objects.objects if name.endswith(".1.1.bundle"))
    good = objects.objects.pop(bundle)
    assert problems(repository) == [f"{bundle}: is missing; restore it, or withdraw the release"]
    objects.objects[bundle] = good[:-1] + b"x"
    assert problems(repository) == [f"{bundle}: has other bytes than the list says; restore it"]
    objects.objects[bundle] = good[:-1]
    said = f"has {len(good) - 1} bytes, and the list says {len(good)}; restore it"
    assert problems(repository) == [f"{bundle}: {said}"]
    objects.objects[bundle] = good + b"x"
    assert f"has more than {len(good)} bytes" in problems(repository)[0]


def test_missing_roles(repository: RepositoryFolder, objects: MemoryObjects) -> None:
    role = "metadata/1.channel.meter.stable.json"
    good = objects.objects.pop(role)
    assert problems(repository) == [
        f"channel.meter.stable: memory: {role}: is missing; restore it from a copy of the repository"
    ]
    objects.objects[role] = good
    snapshot = objects.objects.pop("metadata/3.snapshot.json")
    assert problems(repository) == [
        "snapshot: memory: metadata/3.snapshot.json: is missing; restore it from a copy of the repository"
    ]
    objects.objects["metadata/3.snapshot.json"] = snapshot
    del objects.objects["metadata/timestamp.json"]
    with pytest.raises(InputError, match="is not a repository"):
        checked(repository)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (
            "kind",
            "security",
            "the catalog differs from the release: kind is 'security' in the catalog",
        ),
        ("first_part", 9, "its first part of 9 bytes is not valid (MALFORMED: field"),
        ("first_part", 1500, "bytes, and the catalog says 1500"),
        ("release_counter", 7, "the catalog differs from the release: counter is '7'"),
        ("release", "no", "release must be a SHA-256"),
    ],
)
def test_catalog_that_lies(
    repository: RepositoryFolder, field: str, value: object, text: str
) -> None:
    current = repository.current()
    role = current.role("channel.meter.stable")
    role.targets["meter/stable/1.3.bundle"].custom[field] = value
    publish(repository.publisher(), current, Change(roles={"channel.meter.stable": role}))
    (problem,) = problems(repository)
    assert text.replace("'", "") in problem.replace("'", "")


def test_delegation_without_a_role_and_bad_rules(
    repository: RepositoryFolder, objects: MemoryObjects
) -> None:
    current = repository.current()
    rules = current.role("rollout.meter.stable")
    rules.targets["rollout/meter/stable.json"].custom["schema"] = "other"
    publish(repository.publisher(), current, Change(roles={"rollout.meter.stable": rules}))
    assert problems(repository) == [
        "rollout.meter.stable: rollout/meter/stable.json: does not have the schema software_update.rollout.v1"
    ]
    current = repository.current()
    targets = current.targets
    other = copy.copy(targets.delegations.roles["rollout.meter.stable"])
    other.name = "rollout.a.b"
    targets.delegations.roles["rollout.a.b"] = other
    publish(repository.publisher(), current, Change(roles={"targets": targets}))
    assert "targets: delegates to rollout.a.b, which the snapshot lacks" in problems(repository)
