"""Tests of withdraw.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.testing.repositories import RepositoryFolder, releases


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryFolder:
    repository = RepositoryFolder(tmp_path)
    repository.add(*releases(4), kept=2)
    return repository


def test_release_leaves_the_channel(repository: RepositoryFolder) -> None:
    withdrawn = repository.withdraw("1.4")
    assert withdrawn.paths == ["meter/stable/1.4.bundle"]
    assert list(withdrawn.published.roles) == ["channel.meter.stable"]
    current = repository.current()
    assert list(current.role("channel.meter.stable").targets) == ["meter/stable/1.3.bundle"]


def test_release_leaves_the_archive(repository: RepositoryFolder) -> None:
    withdrawn = repository.withdraw("1.1")
    assert withdrawn.release == releases(1)[0].digest
    (role,) = withdrawn.published.roles
    assert role.startswith("archive-")
    with pytest.raises(InputError, match=r"has no release '1\.1'"):
        repository.withdraw("1.1")


def test_older_release_stays_the_newest_one(repository: RepositoryFolder) -> None:
    repository.withdraw("1.4")
    repository.withdraw("1.3")
    repository.add(*releases(1, 5))
    assert len(repository.current().role("channel.meter.stable").targets) == 1
