"""Tests of publication.py."""

import errno
from pathlib import Path

import pytest

from software_update.base.errors import SignatureError
from software_update.repository import publication
from software_update.repository.names import Kind
from software_update.repository.storage import Conflict
from software_update.testing.memory_objects import MemoryObjects
from software_update.testing.repositories import DAY, RepositoryFolder, releases
from software_update.testing.storage_promises import check_replacement


def make(tmp_path: Path) -> tuple[RepositoryFolder, MemoryObjects]:
    objects = MemoryObjects()
    return RepositoryFolder(tmp_path, storage=objects), objects


def test_storage_in_memory_replaces_only_the_version_that_was_read() -> None:
    check_replacement(MemoryObjects())


def test_timestamp_is_written_last_and_payloads_first(tmp_path: Path) -> None:
    repository, objects = make(tmp_path)
    objects.writes.clear()
    repository.add(*releases(2))
    names = [name for name, _ in objects.writes]
    assert names[-1] == "metadata/timestamp.json"
    assert names[-2].endswith(".snapshot.json")
    last_payload = max(index for index, name in enumerate(names) if name.startswith("targets/"))
    assert all(name.startswith("targets/") for name in names[: last_payload + 1])


def test_snapshot_has_length_and_sha256_of_each_role_but_the_bins(tmp_path: Path) -> None:
    repository, _ = make(tmp_path)
    repository.add(*releases(1))
    meta = repository.current().snapshot.meta
    without = {name for name, each in meta.items() if not each.hashes and each.length is None}
    assert without == {f"archive-{number:02x}.json" for number in range(32)} & meta.keys()
    assert "channel.meter.stable.json" in meta.keys() - without
    assert all(each.length for name, each in meta.items() if name not in without)


class Killed(BaseException):
    """Ends a publisher, as SIGKILL does."""


@pytest.mark.parametrize("end", [Killed(), OSError(errno.ENOSPC, "No space left on device")])
def test_publisher_that_ends_early_leaves_the_old_content_and_the_next_one_succeeds(
    tmp_path: Path, end: BaseException
) -> None:
    repository, objects = make(tmp_path)
    repository.add(*releases(1))
    count = len(_writes_of_adding(tmp_path / "other"))
    assert count >= 4
    for stop in range(count):
        before = dict(objects.objects)
        left = [stop]

        def kill(_: str, left: list[int] = left) -> None:
            if left[0] == 0:
                raise end
            left[0] -= 1

        objects.before_write = kill
        with pytest.raises(type(end)):
            repository.add(*releases(2, first=2))
        objects.before_write = lambda _: None
        assert objects.objects.items() >= before.items()
        current = repository.current()
        assert list(current.role("channel.meter.stable").targets) == ["meter/stable/1.1.bundle"]
        # Other bytes than the killed publisher wrote, under the same versions.
        repository.now += 1
    repository.add(*releases(2, first=2))
    assert len(repository.current().role("channel.meter.stable").targets) == 3


def _writes_of_adding(folder: Path) -> list[str]:
    repository, objects = make(folder)
    repository.add(*releases(1))
    objects.writes.clear()
    repository.add(*releases(2, first=2))
    return [name for name, _ in objects.writes]


def test_second_publisher_loses_without_an_effect(tmp_path: Path) -> None:
    repository, objects = make(tmp_path)
    slow = repository.current()
    repository.refresh()
    timestamp = objects.objects["metadata/timestamp.json"]
    with pytest.raises(Conflict, match="another publisher has published meanwhile"):
        publication.publish(repository.publisher(), slow, publication.Change())
    assert objects.objects["metadata/timestamp.json"] == timestamp


def test_wrong_or_missing_key_fails_before_the_first_write(tmp_path: Path) -> None:
    repository, objects = make(tmp_path)
    objects.writes.clear()
    right = dict(repository.signers)
    repository.signers = {**right, Kind.TARGETS: right[Kind.SNAPSHOT]}
    with pytest.raises(SignatureError, match="is not one that signs"):
        repository.add(*releases(1))
    repository.signers = {**right, Kind.SNAPSHOT: []}
    with pytest.raises(
        SignatureError, match="needs signatures by 1 of its 1 keys, and 0 are given"
    ):
        repository.add(*releases(1))
    assert objects.writes == []
    change = publication.Change([("targets/a", b"a")], {"targets": repository.current().targets})
    with pytest.raises(SignatureError, match="0 are given"):
        publication.publish(repository.publisher(), repository.current(), change)
    assert objects.writes == []


def test_refresh_renews_the_snapshot_only_after_half_of_its_lifetime(tmp_path: Path) -> None:
    repository, _ = make(tmp_path)
    assert repository.refresh() == publication.Published({}, 1, 2)
    repository.now += 3 * DAY
    assert repository.refresh().snapshot == 1
    repository.now += DAY
    assert repository.refresh() == publication.Published({}, 2, 4)
    # An expired repository can be renewed.
    repository.now += 60 * DAY
    assert repository.refresh() == publication.Published({}, 3, 5)
