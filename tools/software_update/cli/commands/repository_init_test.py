"""Tests of repository_init.py."""

from pathlib import Path

import pytest

from software_update.repository.current import parse_root
from software_update.testing import encode as e
from software_update.testing.command import done, failed
from software_update.testing.repositories import KINDS, RepositoryFolder, releases
from software_update.testing.signers import write_keys


@pytest.fixture
def keys(tmp_path: Path) -> RepositoryFolder:
    return RepositoryFolder(tmp_path)


def arguments(keys: RepositoryFolder, place: Path) -> list[str]:
    options = [each for kind in KINDS[:3] for each in (f"--{kind}-key", str(keys.key(kind)))]
    return [
        "repository",
        "init",
        str(place),
        *options,
        f"--rollout-public={keys.key('rollout')}.pub",
    ]


def test_new_folder_becomes_a_repository_once(keys: RepositoryFolder, tmp_path: Path) -> None:
    root, place = tmp_path / "root.json", tmp_path / "new place"
    args = [*arguments(keys, place), "-o", str(root)]
    assert done(*args).out == f"{place}: is a repository now; its root is {root}\n"
    assert (place / "metadata/1.root.json").read_bytes() == root.read_bytes()
    before = root.read_bytes()
    later = [*args, "--root-expires=10d"]
    assert "has a repository already" in failed(1, *later)
    assert root.read_bytes() == before


def test_command_that_was_killed_can_run_again(keys: RepositoryFolder, tmp_path: Path) -> None:
    root, place = tmp_path / "root.json", tmp_path / "new"
    args = [*arguments(keys, place), "-o", str(root)]
    done(*args, "--now=2030-01-01T00:00:00Z")
    (place / "metadata/timestamp.json").unlink()
    before = root.read_bytes()
    root.unlink()
    done(*args, "--now=2030-01-01T00:00:01Z")
    assert root.read_bytes() == before


def test_folder_with_private_keys_does_not_become_a_repository(
    keys: RepositoryFolder, tmp_path: Path
) -> None:
    args = [*arguments(keys, keys.key("root").parent), "-o", str(tmp_path / "root.json")]
    assert "which a web server would serve, too; name an empty place" in failed(3, *args)
    assert not (tmp_path / "root.json").exists()


def test_times_are_those_of_the_arguments(keys: RepositoryFolder, tmp_path: Path) -> None:
    root, place = tmp_path / "root.json", tmp_path / "new"
    more = ["--now=2030-01-01T00:00:00Z", "--root-expires=10d", "--timestamp-expires=12h"]
    done(*arguments(keys, place), "-o", str(root), *more)
    assert str(parse_root(root.read_bytes(), "").expires) == "2030-01-11 00:00:00+00:00"
    timestamp = (place / "metadata/timestamp.json").read_text()
    assert '"expires":"2030-01-01T12:00:00Z"' in timestamp


def test_signed_root_may_come_from_elsewhere(keys: RepositoryFolder, tmp_path: Path) -> None:
    place = tmp_path / "new"
    args = arguments(keys, place)
    del args[args.index("--root-key") : args.index("--root-key") + 2]
    assert "name a --root, or a --root-key" in failed(2, *args)
    done(*args, f"--root={keys.root}")
    assert "only with --root-key" in failed(2, *args, f"--root={keys.root}", "-o", str(place))


def test_wrong_arguments(keys: RepositoryFolder, tmp_path: Path) -> None:
    args = arguments(keys, tmp_path / "new")
    assert "--output: required with --root-key" in failed(2, *args)
    args += ["-o", str(tmp_path / "root.json")]
    assert "write days or hours" in failed(2, *args, "--targets-expires=1w")
    assert "--root-threshold: 2 of 1 keys" in failed(2, *args, "--root-threshold=2")
    assert "more than the --root-key that are not files" in failed(2, *args, "--root-public=x")
    assert "needs --targets-public PUB" in failed(2, *args, "--targets-key=exec:/bin/true")
    assert not (tmp_path / "root.json").exists()
    assert not (tmp_path / "new").exists()
    args[args.index(str(tmp_path / "new"))] = ""
    assert "the place of the repository is empty; name a folder" in failed(2, *args)


def test_two_of_two_targets_keys_must_sign(keys: RepositoryFolder, tmp_path: Path) -> None:
    write_keys(tmp_path, second=e.Key.named("second").scalar)
    second = ["--targets-key", f"{tmp_path}/second.pem"]
    place, root = tmp_path / "two", tmp_path / "root.json"
    now = "--now=2027-01-15T08:00:00Z"
    init = [*arguments(keys, place), *second, "--targets-threshold=2", now]
    done(*init, "-o", str(root))
    bundle = str(keys.bundle_file(releases(1)[0]))
    add = ["repository", "add", str(place), bundle, "--channel=stable", now]
    add += [f"--trusted-root={keys.product_root}", f"--repository-root={root}"]
    add += keys.options("targets", "snapshot", "rollout")[2:]
    assert "needs signatures by 2 of its 2 keys, and 1 are given" in failed(1, *add)
    done(*add, *second)
    check = ["repository", "check", str(place), f"--repository-root={root}", now]
    done(*check)
