"""Tests of repository_root_create.py, and of the commands that sign and publish its result."""

from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing.command import done, failed
from software_update.testing.repositories import KINDS, RepositoryFolder, releases
from software_update.testing.signers import write_keys

NOW = "--now=2027-01-15T08:00:00Z"


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryFolder:
    repository = RepositoryFolder(tmp_path)
    repository.add(*releases(1))
    names = {name: e.Key.named(name).scalar for name in ("anna", "ben", "new")}
    write_keys(tmp_path, **names)
    return repository


def publics(repository: RepositoryFolder) -> list[str]:
    return [f"--{kind}-public={repository.key(kind)}.pub" for kind in KINDS[1:3]]


def test_two_people_sign_the_first_root(repository: RepositoryFolder, tmp_path: Path) -> None:
    root, place = tmp_path / "root.json", tmp_path / "place"
    people = [f"--root-public={tmp_path}/{name}.pem.pub" for name in ("anna", "ben")]
    create = ["repository", "root-create", *people, "--root-threshold=2", NOW, "-o", str(root)]
    assert "--targets-public: required for the first root" in failed(2, *create)
    out = done(*create, *publics(repository)).out.splitlines()
    assert out[0] == f"{root}: root version 1"
    assert out[1].startswith("missing: 2 of the keys of root version 1: ")
    sign = ["repository", "root-sign", str(root)]
    out = done(*sign, f"--root-key={tmp_path}/anna.pem").out.splitlines()
    assert out[1].startswith("missing: 1 of the keys of root version 1: ")
    init = ["repository", "init", str(place), f"--root={root}", NOW]
    init += repository.options("targets", "snapshot")[2:]
    init.append(f"--rollout-public={repository.key('rollout')}.pub")
    assert "root.json: is not valid (root was signed by 1/2 keys)" in failed(3, *init)
    assert "all signatures are there" in done(*sign, f"--root-key={tmp_path}/ben.pem").out
    done(*init)


def test_next_root_with_another_snapshot_key(repository: RepositoryFolder, tmp_path: Path) -> None:
    root, old = tmp_path / "2.root.json", str(repository.root)
    create = ["repository", "root-create", f"--previous={old}", NOW, "-o", str(root)]
    assert "only with --snapshot-public" in failed(2, *create, "--snapshot-threshold=2")
    out = done(*create, f"--snapshot-public={tmp_path}/new.pem.pub").out.splitlines()
    assert out[0] == f"{root}: root version 2"
    assert len(out) == 3
    sign = ["repository", "root-sign", str(root), f"--root-key={repository.key('root')}"]
    assert "its --previous must have version 1: none is given" in failed(3, *sign)
    assert "all signatures are there" in done(*sign, f"--previous={old}").out
    publish = ["repository", "root-publish", str(repository.path), str(root), NOW]
    publish += ["--repository-root", old]
    assert "needs signatures by 1" in failed(1, *publish)
    assert not (repository.path / "metadata/2.root.json").exists()
    keys = [f"--snapshot-key={tmp_path}/new.pem", f"--snapshot-key={repository.key('snapshot')}"]
    out = done(*publish, *keys).out.splitlines()
    assert out == ["published: root 2", "published: snapshot 3, timestamp 3"]
    # Again, as after an interruption.
    done(*publish, *keys)
    refresh = ["repository", "refresh", str(repository.path), "--repository-root", old, NOW]
    done(*refresh, keys[0])
    assert "is not one that signs snapshot" in failed(1, *refresh, keys[1])
    check = ["repository", "check", str(repository.path), "--repository-root", str(root)]
    done(*check, NOW)


def test_later_expiry_needs_no_other_key(repository: RepositoryFolder, tmp_path: Path) -> None:
    root, old = tmp_path / "2.root.json", str(repository.root)
    create = ["repository", "root-create", f"--previous={old}", "--expires=700d", NOW]
    done(*create, "-o", str(root))
    sign = ["repository", "root-sign", str(root), f"--previous={old}"]
    assert "is not a root key" in failed(1, *sign, f"--root-key={tmp_path}/anna.pem")
    done(*sign, f"--root-key={repository.key('root')}")
    publish = ["repository", "root-publish", str(repository.path), str(root), NOW]
    assert done(*publish, "--repository-root", old).out == "published: root 2\n"
