"""Tests of rules.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.format.rollout import Band, Rollout
from software_update.repository.rollout_file import rollouts_of
from software_update.repository.rules import Wish
from software_update.testing.repositories import DAY, NOW, RepositoryFolder, releases


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryFolder:
    repository = RepositoryFolder(tmp_path)
    repository.add(*releases(3))
    return repository


def rules(repository: RepositoryFolder) -> list[Rollout]:
    return list(rollouts_of(repository.current().role("rollout.meter.stable")))


ONE, TWO, THREE = (each.digest for each in releases(3))
BANDS = (Band(5, NOW), Band(100, NOW + DAY))


def test_bands_halt_and_resume_change_one_part_each(repository: RepositoryFolder) -> None:
    changed = repository.rollout("1.3", *BANDS)
    assert changed.release == THREE
    assert rules(repository) == list(changed.rollouts) == [Rollout(THREE, BANDS)]
    assert changed.published.roles == {"rollout.meter.stable": 2}
    repository.halt("1.3", "it blinks")
    assert rules(repository) == [Rollout(THREE, BANDS, True, "it blinks")]
    repository.rollout("1.3", (7, NOW))
    assert rules(repository) == [Rollout(THREE, (Band(7, NOW),), True, "it blinks")]
    repository.change_rules("1.3", Wish(resume=True))
    assert rules(repository) == [Rollout(THREE, (Band(7, NOW),))]
    repository.change_rules("1.3", Wish(remove=True))
    assert rules(repository) == []


def test_release_can_be_halted_before_it_has_bands(repository: RepositoryFolder) -> None:
    repository.halt("1.1")
    repository.rollout("1.2", *BANDS)
    assert rules(repository) == [
        Rollout(ONE, (), True, "it blinks"),
        Rollout(TWO, BANDS),
    ]


def test_rules_of_archived_releases_go_unless_they_are_halted(repository: RepositoryFolder) -> None:
    repository.halt("1.1")
    repository.rollout("1.2", *BANDS)
    repository.add(*releases(1, 4), kept=2)
    repository.rollout("1.4", *BANDS)
    assert [each.release for each in rules(repository)] == [ONE, releases(1, 4)[0].digest]
    # An archived release can still be halted.
    repository.halt("1.2")
    assert TWO in [each.release for each in rules(repository)]


def test_errors(repository: RepositoryFolder) -> None:
    with pytest.raises(InputError, match=r"the channel stable of 'meter' has no release '9'"):
        repository.halt("9")
    with pytest.raises(InputError, match=r"has no channel 'beta' of the product 'meter'"):
        repository.halt("1.1", channel="beta")
    with pytest.raises(InputError, match="percents and times must rise"):
        repository.rollout("1.1", (50, NOW), (5, NOW))
