"""Tests of renew.py."""

from pathlib import Path

from software_update.repository.names import Kind
from software_update.repository.renew import renew
from software_update.testing.repositories import DAY, RepositoryFolder, releases


def test_roles_that_expire_soon_are_signed_anew_with_the_keys_at_hand(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    repository.now += 40 * DAY
    repository.add(*releases(1))
    before = repository.current()
    assert renew(repository.publisher(), before, 49 * DAY) is None
    repository.now += 10 * DAY
    published = renew(repository.publisher(), before, 49 * DAY)
    assert published is not None
    # The archive and its bins are as old as the repository. The targets have changed since.
    assert len(published.roles) == 33
    assert all(role.startswith("archive") for role in published.roles)
    current = repository.current()
    assert current.role("archive-00").expires > before.role("archive-00").expires
    repository.signers = {kind: repository.signers[kind] for kind in (Kind.ROLLOUT, Kind.SNAPSHOT)}
    published = renew(repository.publisher(), current, 1000 * DAY)
    assert published is not None
    assert list(published.roles) == ["rollout.meter.stable"]
