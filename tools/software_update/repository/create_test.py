"""Tests of create.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError, UsageError
from software_update.repository.create import (
    RoleKeys,
    build_root,
    check_place,
    create_repository,
    left_root,
    rollout_keys,
    sign_root,
)
from software_update.repository.names import Kind
from software_update.repository.storage import Conflict
from software_update.testing.memory_objects import MemoryObjects
from software_update.testing.repositories import NOW, RepositoryFolder


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryFolder:
    return RepositoryFolder(tmp_path, storage=MemoryObjects())


def create(repository: RepositoryFolder, root: bytes) -> None:
    rollout = [("rollout", repository.signers[Kind.ROLLOUT][0].public)]
    create_repository(repository.publisher(), root, "root.json", rollout)


def test_new_repository_has_its_roles_and_bins(repository: RepositoryFolder) -> None:
    current = repository.current()
    assert len(current.snapshot.meta) == 34
    assert current.root.consistent_snapshot
    assert len(rollout_keys(current.targets, current.root)) == 1
    for role in ("archive-00", "archive-1f"):
        assert current.role(role).targets == {}


def test_place_with_a_repository_is_refused(repository: RepositoryFolder) -> None:
    with pytest.raises(Conflict, match="has a repository already"):
        create(repository, repository.root.read_bytes())


def test_place_with_other_files_is_refused(repository: RepositoryFolder) -> None:
    repository.storage = objects = MemoryObjects()
    objects.objects["root_key.pem"] = b"a private key"
    with pytest.raises(InputError, match=r"contains root_key.pem, which a web server would serve"):
        create(repository, repository.root.read_bytes())
    assert list(objects.objects) == ["root_key.pem"]


def test_root_of_a_creation_that_was_killed_is_found(repository: RepositoryFolder) -> None:
    objects, keys = MemoryObjects(), keys_of(repository)
    later = build_root(keys, NOW + 1)
    assert left_root(objects, later) is None
    objects.objects["metadata/1.root.json"] = repository.root.read_bytes()
    check_place(objects)
    assert left_root(objects, later) == repository.root.read_bytes()
    other = build_root({**keys, Kind.TARGETS: keys[Kind.ROLLOUT]}, NOW)
    with pytest.raises(InputError, match=r"1.root.json: is left over, with other keys; remove it"):
        left_root(objects, other)


def test_creation_that_was_killed_can_run_again(repository: RepositoryFolder) -> None:
    objects = MemoryObjects()
    repository.storage = objects

    def kill(name: str) -> None:
        if name.endswith("snapshot.json"):
            raise KeyboardInterrupt

    objects.before_write = kill
    with pytest.raises(KeyboardInterrupt):
        create(repository, repository.root.read_bytes())
    objects.before_write = lambda _: None
    repository.now += 1
    create(repository, repository.root.read_bytes())
    assert repository.current().targets.version == 2


def keys_of(repository: RepositoryFolder) -> dict[Kind, RoleKeys]:
    return {kind: RoleKeys([(kind, each[0].public)]) for kind, each in repository.signers.items()}


def test_keys_and_thresholds_of_a_root_are_checked(repository: RepositoryFolder) -> None:
    keys = keys_of(repository)
    twice = RoleKeys([*keys[Kind.ROOT].keys, *keys[Kind.ROOT].keys])
    with pytest.raises(UsageError, match="root: appears twice among the root keys"):
        build_root({**keys, Kind.ROOT: twice}, NOW)
    for threshold in (0, 2):
        changed = keys[Kind.TARGETS]._replace(threshold=threshold)
        with pytest.raises(UsageError, match=f"--targets-threshold: {threshold} of 1 keys"):
            build_root({**keys, Kind.TARGETS: changed}, NOW)
    with pytest.raises(
        UsageError, match="root: is a root key, too; make a key of its own for targets"
    ):
        build_root({**keys, Kind.TARGETS: keys[Kind.ROOT]}, NOW)


def test_later_root_begins_no_repository(repository: RepositoryFolder) -> None:
    built = build_root(keys_of(repository), NOW, version=2)
    root = sign_root(built, repository.signers[Kind.ROOT])
    with pytest.raises(InputError, match="has version 2; a new repository begins with version 1"):
        create(repository, root)


@pytest.mark.parametrize("kind", [Kind.ROOT, Kind.TARGETS, Kind.SNAPSHOT])
def test_rollout_keys_differ_from_all_others(repository: RepositoryFolder, kind: Kind) -> None:
    repository.storage = MemoryObjects()
    keys = [("t.pem", repository.signers[kind][0].public)]
    with pytest.raises(
        UsageError, match=f"t.pem: is a {kind} key, too; make a key of its own for rollout"
    ):
        create_repository(repository.publisher(), repository.root.read_bytes(), "r", keys)
