"""Tests of roots.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError, SignatureError
from software_update.keys.pem import read_private_key
from software_update.repository.create import RoleKeys
from software_update.repository.current import Current, parse_root, read_current
from software_update.repository.names import Kind
from software_update.repository.publication import Published
from software_update.repository.roots import (
    Missing,
    add_signatures,
    missing_signatures,
    next_root_of,
    publish_root,
    unsigned_file,
)
from software_update.signing.signers import FileSigner
from software_update.testing import encode as e
from software_update.testing.memory_objects import MemoryObjects
from software_update.testing.repositories import DAY, RepositoryFolder, releases
from software_update.testing.signers import write_keys


@pytest.fixture
def objects() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture
def repository(tmp_path: Path, objects: MemoryObjects) -> RepositoryFolder:
    repository = RepositoryFolder(tmp_path, storage=objects)
    repository.add(*releases(3), kept=1)
    return repository


def new_signer(repository: RepositoryFolder, name: str) -> FileSigner:
    write_keys(repository.folder, **{name: e.Key.named(name).scalar})
    return FileSigner(name, read_private_key(str(repository.folder / f"{name}.pem")))


def keys(*signers: FileSigner, threshold: int = 1) -> RoleKeys:
    return RoleKeys([(each.name, each.public) for each in signers], threshold)


def next_root(repository: RepositoryFolder, **changed: RoleKeys) -> bytes:
    """A root with other keys, without signatures."""
    before = parse_root(repository.root.read_bytes(), "")
    changes = {Kind(kind): each for kind, each in changed.items()}
    return unsigned_file(next_root_of(before, changes, repository.now + 400 * DAY))


def published(repository: RepositoryFolder, root: bytes) -> Published | None:
    return publish_root(repository.publisher(), repository.current(), root, "2.root.json")


def check_whole(repository: RepositoryFolder, current: Current) -> None:
    for name in current.role_names():
        current.role(name)
    assert len(current.role("channel.meter.stable").targets) == 1


def test_later_expiry_needs_root_keys_only(
    repository: RepositoryFolder, objects: MemoryObjects
) -> None:
    root = add_signatures(next_root(repository), "r", repository.signers[Kind.ROOT])
    assert missing_signatures(root, "r") == []
    objects.writes.clear()
    assert published(repository, root) is None
    assert [name for name, _ in objects.writes] == ["metadata/2.root.json"]
    assert repository.current().root.version == 2
    repository.refresh()


def test_several_people_sign_one_after_another(repository: RepositoryFolder) -> None:
    old = repository.signers[Kind.ROOT][0]
    one, two = new_signer(repository, "one"), new_signer(repository, "two")
    before = parse_root(repository.root.read_bytes(), "")
    root = next_root(repository, root=keys(one, two, threshold=2))
    missing = missing_signatures(root, "r", before)
    assert [(each.root_version, each.number, len(each.key_ids)) for each in missing] == [
        (2, 2, 2),
        (1, 1, 1),
    ]
    root = add_signatures(root, "r", [one])
    with pytest.raises(SignatureError, match="name the previous root with --previous"):
        add_signatures(root, "r", [old])
    root = add_signatures(root, "r", [old], before)
    with pytest.raises(InputError, match="is not the root after version 1"):
        published(repository, root)
    (left,) = missing_signatures(root, "r", before)
    assert isinstance(left, Missing)
    assert (left.root_version, left.number) == (2, 1)
    root = add_signatures(root, "r", [two])
    assert missing_signatures(root, "r", before) == []
    assert published(repository, root) is None
    stranger = new_signer(repository, "stranger")
    with pytest.raises(
        SignatureError, match=r"stranger: key .* is not a root key that this root lists"
    ):
        add_signatures(root, "r", [stranger])


def test_new_targets_and_snapshot_keys_are_smooth_with_the_old_ones(
    repository: RepositoryFolder, objects: MemoryObjects
) -> None:
    old = dict(repository.signers)
    targets, snapshot = new_signer(repository, "t2"), new_signer(repository, "s2")
    root = next_root(repository, targets=keys(targets), snapshot=keys(snapshot))
    root = add_signatures(root, "r", old[Kind.ROOT])
    repository.signers = {
        **old,
        Kind.TARGETS: [targets, *old[Kind.TARGETS]],
        Kind.SNAPSHOT: [snapshot, *old[Kind.SNAPSHOT]],
    }
    objects.writes.clear()
    done = published(repository, root)
    assert done is not None
    assert len(done.roles) == 35
    # Before the root, so that each moment is good for clients with the old root and with the new one.
    names = [name for name, _ in objects.writes]
    assert names[-2:] == ["metadata/timestamp.json", "metadata/2.root.json"]
    new_root = objects.objects.pop("metadata/2.root.json")
    check_whole(repository, repository.current())
    objects.objects["metadata/2.root.json"] = new_root
    check_whole(repository, repository.current())
    repository.signers = {**old, Kind.TARGETS: [targets], Kind.SNAPSHOT: [snapshot]}
    repository.add(*releases(1, 4), kept=1)
    repository.signers = old
    with pytest.raises(SignatureError, match="is not one that signs"):
        repository.add(*releases(1, 5))


def test_root_comes_first_if_the_old_keys_are_lost(
    repository: RepositoryFolder, objects: MemoryObjects
) -> None:
    old = dict(repository.signers)
    snapshot = new_signer(repository, "s2")
    root = add_signatures(next_root(repository, snapshot=keys(snapshot)), "r", old[Kind.ROOT])
    repository.signers = {**old, Kind.SNAPSHOT: [snapshot]}
    objects.writes.clear()
    done = published(repository, root)
    assert done is not None
    assert done.roles == {}
    assert objects.writes[0][0] == "metadata/2.root.json"
    check_whole(repository, repository.current())


def test_publication_that_was_killed_after_the_root_can_be_completed(
    repository: RepositoryFolder, objects: MemoryObjects
) -> None:
    old = dict(repository.signers)
    snapshot = new_signer(repository, "s2")
    root = add_signatures(next_root(repository, snapshot=keys(snapshot)), "r", old[Kind.ROOT])
    repository.signers = {**old, Kind.SNAPSHOT: [snapshot]}

    def kill(name: str) -> None:
        if name.endswith("timestamp.json"):
            raise KeyboardInterrupt

    objects.before_write = kill
    with pytest.raises(KeyboardInterrupt):
        published(repository, root)
    objects.before_write = lambda _: None
    with pytest.raises(InputError, match=r"timestamp\.json: is not valid"):
        repository.current()
    current = read_current(objects, repository.root.read_bytes(), "r", below=2)
    assert publish_root(repository.publisher(), current, root, "r") is not None
    check_whole(repository, repository.current())


def test_file_that_is_not_a_root(repository: RepositoryFolder, objects: MemoryObjects) -> None:
    for content in (b"x", objects.objects["metadata/timestamp.json"]):
        with pytest.raises(InputError, match="r: is not a root"):
            missing_signatures(content, "r")
    with pytest.raises(InputError, match="is not the root after version 1"):
        published(repository, repository.root.read_bytes())


def test_wrong_signers_write_nothing(repository: RepositoryFolder, objects: MemoryObjects) -> None:
    targets = new_signer(repository, "t2")
    signers = repository.signers[Kind.ROOT]
    root = add_signatures(next_root(repository, targets=keys(targets)), "r", signers)
    objects.writes.clear()
    with pytest.raises(SignatureError, match="needs signatures by 1"):
        published(repository, root)
    assert objects.writes == []
    snapshot = new_signer(repository, "s2")
    root = add_signatures(next_root(repository, snapshot=keys(snapshot)), "r", signers)
    # Neither the old key nor the new one.
    repository.signers = {**repository.signers, Kind.SNAPSHOT: []}
    with pytest.raises(SignatureError, match="needs signatures by 1"):
        published(repository, root)
    assert objects.writes == []
