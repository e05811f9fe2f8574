"""Tests of add.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.format.catalog import CatalogEntry, parse_entry
from software_update.format.verdicts import Refused, Verdict
from software_update.repository.add import releases_to_keep
from software_update.repository.attach import RefusedRelease
from software_update.repository.renew import renew
from software_update.repository.storage import Conflict
from software_update.repository.storages.folder import FolderStorage
from software_update.testing import encode as e
from software_update.testing.command import done
from software_update.testing.memory_objects import MemoryObjects
from software_update.testing.repositories import DAY, Release, RepositoryFolder, releases


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryFolder:
    return RepositoryFolder(tmp_path)


def listed(repository: RepositoryFolder, role: str = "channel.meter.stable") -> list[str]:
    return sorted(repository.current().role(role).targets)


def leftovers(repository: RepositoryFolder) -> list[str]:
    return [path.name for path in (repository.path / ".publishing").iterdir()]


def test_entry_has_what_the_release_manifest_says(repository: RepositoryFolder) -> None:
    more = {"kind": "security", "severity": "high", "hardware_ids": ["a", "b"]}
    release = Release("2.0", 5, minimum=3, more=more)
    repository.add(release)
    target = repository.current().role("channel.meter.stable").targets["meter/stable/2.0.bundle"]
    entry = parse_entry(target.custom, "")
    assert entry._replace(first_part=0) == CatalogEntry(
        "meter", "2.0", 5, release.digest, 0, "", ("a", "b"), 3, "security", "high"
    )
    assert len(release.bundle) > entry.first_part > len(release.manifest)
    assert target.length == len(release.bundle)


def test_lower_counter_is_refused_and_an_equal_one_is_not(repository: RepositoryFolder) -> None:
    repository.add(Release("2.0", 5), Release("2.0-b", 5))
    with pytest.raises(RefusedRelease, match=r"release counter 4, and the channel stable has 5"):
        repository.add(Release("2.1", 4))
    repository.add(Release("2.1", 4), channel="beta")


def test_same_bytes_again_change_nothing(repository: RepositoryFolder) -> None:
    repository.add(*releases(3))
    before = repository.current().timestamp.version
    addition = repository.add(*releases(2))
    assert [each.is_new for each in addition.added] == [False, False]
    assert addition.published is None
    assert repository.current().timestamp.version == before


def test_missing_object_is_restored(repository: RepositoryFolder) -> None:
    repository.add(*releases(3), kept=1)
    for version in ("1.1", "1.3"):
        (path,) = repository.path.glob(f"targets/meter/stable/*.{version}.bundle")
        good = path.read_bytes()
        path.unlink()
        addition = repository.add(*releases(3))
        assert [each.entry.version for each in addition.added if each.restored] == [version]
        assert addition.published is None
        assert path.read_bytes() == good
    assert leftovers(repository) == ["lock"]


def test_other_bytes_under_a_version_are_refused_also_in_the_archive(
    repository: RepositoryFolder,
) -> None:
    repository.add(*releases(3), kept=1)
    assert listed(repository) == ["meter/stable/1.3.bundle"]
    for version, counter in (("1.3", 3), ("1.1", 3)):
        changed = Release(version, counter, {"app": b"other"})
        with pytest.raises(RefusedRelease, match="is published with other bytes"):
            repository.add(changed)
    assert leftovers(repository) == ["lock"]


def test_bundle_that_a_device_rejects_is_refused(repository: RepositoryFolder) -> None:
    path = repository.bundle_file(Release("1.0", 1))
    path.write_bytes(path.read_bytes().replace(b"application 1.0", b"application 2.0"))
    with pytest.raises(Refused, match="app") as caught:
        repository.add_files(path)
    assert caught.value.verdict == Verdict.HASH_MISMATCH
    assert not repository.current().has("channel.meter.stable")
    assert leftovers(repository) == ["lock"]


def test_bundle_without_a_release_manifest_is_refused(repository: RepositoryFolder) -> None:
    path = repository.folder / "plain.bundle"
    path.write_bytes(e.bundle({"app": b"1"}))
    with pytest.raises(InputError, match="has no release manifest"):
        repository.add_files(path)


def test_products_are_added_one_by_one(repository: RepositoryFolder) -> None:
    with pytest.raises(InputError, match="add each product by itself"):
        repository.add(Release("1.0", 1), Release("1.0", 1, product="lamp"))


def test_channels_and_products_have_roles_of_their_own(repository: RepositoryFolder) -> None:
    repository.add(Release("1.0", 1))
    repository.add(Release("1.0", 1, product="my lamp"), channel="beta")
    roles = list(repository.current().targets.delegations.roles)
    assert [each.rpartition("-")[0] or each for each in roles] == [
        "rollout.meter.stable",
        "rollout.my-lamp",
        "channel.meter.stable",
        "channel.my-lamp",
        "archive",
    ]


def test_expired_roles_above_are_an_error_that_names_them(repository: RepositoryFolder) -> None:
    repository.add(*releases(1))
    repository.now += 91 * DAY
    with pytest.raises(InputError, match="role targets expired 2027-04-15T08:00:00Z"):
        repository.add(*releases(1, 2))
    renew(repository.publisher(), repository.current(), 90 * DAY)
    repository.add(*releases(1, 2))
    repository.now += 365 * DAY
    with pytest.raises(InputError, match="role root expired 2028-01-15T08:00:00Z"):
        repository.add(*releases(1, 3))


def test_requests_do_not_grow_with_the_number_of_releases(tmp_path: Path) -> None:
    counts = []
    for number in (40, 120):
        objects = MemoryObjects()
        repository = RepositoryFolder(tmp_path, storage=objects)
        repository.add(*releases(number), fleet=False)
        objects.reads.clear()
        objects.writes.clear()
        repository.add(*releases(1, number + 1))
        bins = [name for name, _ in objects.reads if "archive-" in name]
        # That of the new bundle, and that of the bundle that leaves the channel.
        assert len(bins) in (1, 2)
        assert len(objects.writes) == 5
        counts.append(len(objects.reads) - len(bins))
    assert counts[0] == counts[1] == 18


def test_two_publishers_in_one_folder(repository: RepositoryFolder) -> None:
    first = repository.storage
    with first.publishing():
        repository.storage = FolderStorage(str(repository.path))
        with pytest.raises(Conflict, match="another command is publishing"):
            repository.add(*releases(1))


def test_too_many_entries_in_a_channel_are_refused(repository: RepositoryFolder) -> None:
    same = [Release(f"1.{minor}", 1) for minor in range(33)]
    repository.add(*same[:32], kept=32)
    addition = repository.add(same[32], kept=32)
    assert len(addition.archived) == 1
    assert len(listed(repository)) == 32


def personalized(repository: RepositoryFolder, new: Release, old: Release) -> Path:
    """A bundle of `new` for devices with `old`."""
    path = repository.folder / "small.bundle"
    bundle, installed = repository.bundle_file(new), repository.bundle_file(old)
    done("bundle", "personalize", str(bundle), "--installed", str(installed), "-o", str(path))
    return path


COMMON = {"app": b"the same", "big": bytes(5000)}
OLD, NEW = Release("1.0", 1, COMMON), Release("1.1", 2, {**COMMON, "app": b"new"})


def test_personalized_bundle_is_listed_for_its_devices(repository: RepositoryFolder) -> None:
    repository.add(OLD, NEW)
    addition = repository.add_files(personalized(repository, NEW, OLD), base="1.0")
    (added,) = addition.added
    assert added.path == "meter/stable/1.1.from-1.bundle"
    assert added.entry.base == OLD.digest
    assert added.entry.release == NEW.digest
    assert added.length < len(NEW.bundle) - 5000
    assert listed(repository)[1:] == ["meter/stable/1.1.bundle", added.path]
    # It goes with its release.
    repository.add(Release("1.2", 3), kept=1)
    assert listed(repository) == ["meter/stable/1.2.bundle"]


def test_personalized_bundle_that_its_devices_reject_is_refused(
    repository: RepositoryFolder,
) -> None:
    other = Release("0.9", 1, {"app": b"other"})
    path = personalized(repository, NEW, OLD)
    with pytest.raises(InputError, match="does not have the full bundle of this release"):
        repository.add_files(path, base="1.0")
    repository.add(other, NEW)
    with pytest.raises(InputError, match=r"version '1\.0': not a release in the channel stable"):
        repository.add_files(path, base="1.0")
    with pytest.raises(Refused) as caught:
        repository.add_files(path, base="0.9")
    assert caught.value.verdict == Verdict.MISSING_PAYLOAD
    # Without --for, it is a full bundle.
    with pytest.raises(Refused):
        repository.add_files(path)


def entry(counter: int, minimum: int | None = None) -> CatalogEntry:
    return CatalogEntry("p", str(counter), counter, str(counter), 1, minimum_counter=minimum)


@pytest.mark.parametrize(
    ("entries", "kept", "stay"),
    [
        ([], 1, set()),
        ([entry(1), entry(2), entry(3)], 2, {"2", "3"}),
        # 9 needs 5, which is not kept; 5 needs 3.
        ([entry(1), entry(3), entry(5, 3), entry(8, 7), entry(9, 5)], 1, {"9", "5", "3"}),
        # 8 is kept and leads to 9 from anywhere.
        ([entry(1), entry(5), entry(8), entry(9, 5)], 2, {"9", "8"}),
        # Nothing leads to 9.
        ([entry(1), entry(9, 5)], 1, {"9"}),
        # Of two ways, the one that demands less.
        ([entry(6, 2), entry(7), entry(9, 5)], 1, {"9", "7"}),
    ],
)
def test_newest_releases_and_their_stepping_stones_stay(
    entries: list[CatalogEntry], kept: int, stay: set[str]
) -> None:
    assert releases_to_keep(entries, kept) == stay


def test_personalized_bundles_leave_with_their_release() -> None:
    made_for = entry(1)._replace(base="x")
    assert releases_to_keep([entry(1), made_for, entry(2)], 1) == {"2"}
