"""Tests of rollout_keys.py."""

from pathlib import Path

import pytest

from software_update.base.errors import SignatureError, UsageError
from software_update.format.rollout import Band
from software_update.keys.pem import read_private_key
from software_update.repository.names import Kind
from software_update.repository.rollout_file import rollouts_of
from software_update.repository.rollout_keys import replace_rollout_keys
from software_update.signing.signers import FileSigner
from software_update.testing import encode as e
from software_update.testing.repositories import NOW, RepositoryFolder, releases
from software_update.testing.signers import write_keys


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryFolder:
    repository = RepositoryFolder(tmp_path)
    repository.add(*releases(2))
    repository.add(*releases(1), channel="beta")
    repository.rollout("1.2", Band(5, NOW))
    return repository


def new_signer(repository: RepositoryFolder, name: str = "new") -> FileSigner:
    folder = repository.folder / "keys"
    write_keys(folder, **{name: e.Key.named(name).scalar})
    path = str(folder / f"{name}.pem")
    return FileSigner(f"file:{path}", read_private_key(path))


def replace(repository: RepositoryFolder, *signers: FileSigner) -> None:
    named = [(each.name, each.public) for each in signers]
    replace_rollout_keys(repository.publisher(), repository.current(), named)


def test_new_key_signs_the_same_rules_of_all_channels(repository: RepositoryFolder) -> None:
    before = rollouts_of(repository.current().role("rollout.meter.stable"))
    signer = new_signer(repository)
    old = repository.signers[Kind.ROLLOUT]
    repository.signers[Kind.ROLLOUT] = [signer]
    replace(repository, signer)
    assert rollouts_of(repository.current().role("rollout.meter.stable")) == before
    assert rollouts_of(repository.current().role("rollout.meter.beta")) == ()
    repository.halt("1.2")
    # New channels have the new key, too.
    repository.add(*releases(1), channel="nightly")
    repository.signers[Kind.ROLLOUT] = old
    with pytest.raises(SignatureError):
        repository.halt("1.1")


def test_each_of_several_keys_may_sign(repository: RepositoryFolder) -> None:
    one, other = new_signer(repository), new_signer(repository, "other")
    repository.signers[Kind.ROLLOUT] = [one]
    replace(repository, one, other)
    repository.signers[Kind.ROLLOUT] = [other]
    repository.halt("1.2")


def test_old_key_cannot_sign_for_the_new_one(repository: RepositoryFolder) -> None:
    before = repository.current().timestamp_version
    with pytest.raises(SignatureError):
        replace(repository, new_signer(repository))
    assert repository.current().timestamp_version == before


def test_targets_key_cannot_be_a_key_of_rollouts(repository: RepositoryFolder) -> None:
    with pytest.raises(UsageError, match="is a targets key, too"):
        replace(repository, *repository.signers[Kind.TARGETS])
