"""Tests of repository_publish.py."""

import json
from pathlib import Path

import pytest

from software_update.steps.release_list import ListedBundle, ReleaseList, build
from software_update.testing import encode as e
from software_update.testing.command import done, failed
from software_update.testing.repositories import Release, RepositoryFolder
from software_update.testing.workspace import snapshot

NOW = "--now=2027-01-15T08:00:00Z"
CONTENTS = {"app": b"app", "data": b"data" * 1000}
OLD = Release("1.1", 1, CONTENTS)
NEW = Release("1.2", 2, {**CONTENTS, "app": b"new"})


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryFolder:
    return RepositoryFolder(tmp_path)


def small_bundle(repository: RepositoryFolder) -> Path:
    """Writes a bundle of NEW without the target `data`, which devices with OLD have."""
    contents = {**NEW.contents, "user_manifest": NEW.manifest}
    targets = e.targets_entry(e.signed(e.targets(contents, NEW.counter), e.TARGETS_KEY))
    del contents["data"]
    path = repository.folder / "small.bundle"
    path.write_bytes(
        e.root_entry(repository.product_root.read_bytes()) + targets + e.payloads(contents)
    )
    return path


def write_list(
    repository: RepositoryFolder, *bundles: ListedBundle, root: bool = True, channel: str = "stable"
) -> str:
    """Writes a release list into a folder of its own, and returns its path."""
    folder = repository.folder / "build"
    folder.mkdir(exist_ok=True)
    named = str(repository.root) if root else None
    listed = ReleaseList(channel, str(repository.product_root), bundles, named)
    (folder / "list.json").write_bytes(build(listed, str(folder)))
    return str(folder / "list.json")


def listed(repository: RepositoryFolder, *releases: Release) -> list[ListedBundle]:
    return [ListedBundle(str(repository.bundle_file(each))) for each in releases]


def arguments(repository: RepositoryFolder, path: str) -> list[str]:
    _, _, *keys = repository.options("targets", "snapshot", "rollout")
    return ["repository", "publish", path, "--to", str(repository.path), NOW, *keys]


def test_publishes_what_add_publishes(repository: RepositoryFolder, tmp_path: Path) -> None:
    other = RepositoryFolder(tmp_path / "other")
    done(*arguments(repository, write_list(repository, *listed(repository, OLD, NEW))))
    bundles = [str(other.bundle_file(each)) for each in (OLD, NEW)]
    done(
        *("repository", "add", str(other.path), *bundles, NOW, "--channel=stable"),
        f"--trusted-root={other.product_root}",
        *other.options("targets", "snapshot", "rollout"),
    )
    assert snapshot(repository.path) == snapshot(other.path)


def test_releases_of_the_repository_stay(repository: RepositoryFolder) -> None:
    done(*arguments(repository, write_list(repository, *listed(repository, OLD))))
    path = write_list(repository, *listed(repository, OLD, NEW))
    found = json.loads(done(*arguments(repository, path), "--json").out)
    assert [(each["version"], each["new"]) for each in found["added"]] == [
        ("1.1", False),
        ("1.2", True),
    ]


def test_personalized_bundle(repository: RepositoryFolder) -> None:
    old, new = listed(repository, OLD, NEW)
    small = str(small_bundle(repository))
    path = write_list(repository, old, new, ListedBundle(small, old.path))
    found = json.loads(done(*arguments(repository, path), "--json").out)["added"]
    assert [each["path"] for each in found] == [
        "meter/stable/1.1.bundle",
        "meter/stable/1.2.bundle",
        "meter/stable/1.2.from-1.bundle",
    ]
    assert [each["base"] for each in found] == [None, None, OLD.digest]
    # It is verified for its base.
    refused = failed(1, *arguments(repository, write_list(repository, ListedBundle(small))))
    assert "MISSING_PAYLOAD" in refused
    (repository.folder / "bare.pb").write_bytes(e.manifest(e.targets(CONTENTS)))
    bare = ListedBundle(small, str(repository.folder / "bare.pb"))
    assert "bare.pb: has no release manifest; name a release" in failed(
        3, *arguments(repository, write_list(repository, bare))
    )


def test_root_of_the_repository_is_named_once(repository: RepositoryFolder) -> None:
    path = write_list(repository, *listed(repository, OLD), root=False)
    assert failed(2, *arguments(repository, path)).startswith("--repository-root: is missing")
    done(*arguments(repository, path), f"--repository-root={repository.root}")


def test_values_are_checked(repository: RepositoryFolder) -> None:
    path = write_list(repository, *listed(repository, OLD), channel="No")
    assert "--channel 'No'" in failed(2, *arguments(repository, path))
    assert "--keep: 0 is not from 1" in failed(2, *arguments(repository, path), "--keep=0")
    assert "is not a release list" in failed(3, *arguments(repository, str(repository.root)))


def test_bazel_run_starts_in_another_folder(
    repository: RepositoryFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_list(repository, *listed(repository, OLD))
    runfiles, caller = tmp_path / "build", tmp_path / "my repository"
    monkeypatch.chdir(runfiles)
    at = arguments(repository, "list.json")
    at[at.index("--to") + 1] = "."
    with_flag = [*at, "--from-bazel"]
    assert (
        failed(2, *with_flag)
        == "--from-bazel: only valid for a target that `bazel run` starts; remove it"
    )
    monkeypatch.setenv("BUILD_WORKING_DIRECTORY", str(caller))
    key = with_flag.index("--targets-key") + 1
    token = [*with_flag[:key], "hsm:1", *with_flag[key + 1 :]]
    assert failed(2, *token) == (
        "--targets-key hsm: needs packages that the build lacks; install the command, and run: "
        f"software-update repository publish '{path}' ..."
    ).replace("'", "'" if " " in path else "")
    done(*with_flag)
    assert list(caller.glob("targets/meter/stable/*.1.1.bundle"))
