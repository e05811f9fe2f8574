"""Tests of survey.py."""

from pathlib import Path

from software_update.format.rollout import Band, Rollout
from software_update.repository.survey import survey
from software_update.testing.repositories import DAY, NOW, Release, RepositoryFolder, releases


def test_channels_releases_rollouts_and_expiries(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    repository.add(*releases(3), kept=2)
    repository.rollout("1.3", (5, NOW))
    repository.add(Release("1.0", 1, product="my lamp"), channel="beta")
    found = survey(repository.current())
    assert [(each.product.partition("-")[0], each.channel) for each in found.channels] == [
        ("meter", "stable"),
        ("my", "beta"),
    ]
    meter = found.channels[0]
    assert [each.entry.version for each in meter.bundles] == ["1.3", "1.2"]
    assert meter.rollouts == (Rollout(releases(3)[2].digest, (Band(5, NOW),)),)
    assert found.channels[1].rollouts == ()
    expiries = {each.role: each.expires for each in found.expiries}
    assert expiries["root"] == NOW + 365 * DAY
    assert expiries["timestamp"] == NOW + DAY
    assert "archive" in expiries
    assert "archive-00" not in expiries
