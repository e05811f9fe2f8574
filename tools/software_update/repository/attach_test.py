"""Tests of attach.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.repository.attach import Attachment, RefusedRelease, attach
from software_update.repository.check import check
from software_update.repository.prune import needed_names, prune
from software_update.testing.memory_objects import MemoryObjects
from software_update.testing.repositories import CHANNEL, PRODUCT, RepositoryFolder, releases

PROOF_PATH = "meter/stable/1.2.bundle.tlog-proof"


@pytest.fixture(name="objects")
def objects_fixture() -> MemoryObjects:
    return MemoryObjects()


@pytest.fixture(name="repository")
def repository_fixture(tmp_path: Path, objects: MemoryObjects) -> RepositoryFolder:
    repository = RepositoryFolder(tmp_path, storage=objects)
    repository.add(*releases(3), kept=2)
    return repository


def listed(repository: RepositoryFolder) -> list[str]:
    current = repository.current()
    bins = [each for each in current.role_names() if each.startswith("archive-")]
    return sorted(path for each in bins for path in current.role(each).targets)


def test_attachment_is_added_after_the_release_was_published(
    repository: RepositoryFolder, objects: MemoryObjects
) -> None:
    before = dict(objects.objects)
    attached = repository.attach("1.2", {"tlog-proof": b"proof", "audit.dsse.json": b"{}"})
    audit = "meter/stable/1.2.bundle.audit.dsse.json"
    assert attached.paths == {PROOF_PATH: True, audit: True}
    assert attached.release == releases(3)[1].digest
    assert listed(repository) == ["meter/stable/1.1.bundle", audit, PROOF_PATH]
    # Neither the bundle nor the list of the channel has changed.
    assert attached.published is not None
    assert all(each.startswith("archive-") for each in attached.published.roles)
    changed = {name for name, content in before.items() if objects.objects[name] != content}
    assert changed == {"metadata/timestamp.json"}
    report = check(objects, repository.root.read_bytes(), "root")
    assert report.problems == []
    assert report.objects == 6


def test_attachment_of_a_release_in_the_archive(repository: RepositoryFolder) -> None:
    repository.attach("1.1", {"sbom.cdx.json": b"{}"})
    assert listed(repository) == [
        "meter/stable/1.1.bundle",
        "meter/stable/1.1.bundle.sbom.cdx.json",
    ]


def test_attachment_is_replaced_only_on_request(
    repository: RepositoryFolder, objects: MemoryObjects
) -> None:
    repository.attach("1.2", {"tlog-proof": b"one witness"})
    again = repository.attach("1.2", {"tlog-proof": b"one witness"})
    assert (again.paths, again.published) == ({PROOF_PATH: False}, None)
    with pytest.raises(RefusedRelease, match=r"tlog-proof: is published with other bytes; attach"):
        repository.attach("1.2", {"tlog-proof": b"two witnesses"})
    repository.attach("1.2", {"tlog-proof": b"two witnesses"}, replace=True)
    proofs = {name: b for name, b in objects.objects.items() if name.endswith("tlog-proof")}
    assert sorted(proofs.values()) == [b"one witness", b"two witnesses"]
    needed = needed_names(repository.current())
    assert [content for name, content in proofs.items() if name in needed] == [b"two witnesses"]
    prune(objects, repository.current(), 1 << 40)
    assert [name for name in objects.objects if name.endswith("tlog-proof")] == [
        name for name in proofs if name in needed
    ]


def test_release_that_is_not_published_and_name_given_twice(repository: RepositoryFolder) -> None:
    with pytest.raises(InputError, match=r"has no release '9'"):
        repository.attach("9", {"tlog-proof": b""})
    two = [Attachment("sbom", b"1"), Attachment("sbom", b"2")]
    with pytest.raises(InputError, match=r"sbom: two files have this name"):
        attach(repository.publisher(), repository.current(), PRODUCT, CHANNEL, "1.1", two)
