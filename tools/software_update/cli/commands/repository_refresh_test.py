"""Tests of repository_refresh.py."""

import json
from pathlib import Path

from software_update.testing.command import done, failed
from software_update.testing.repositories import RepositoryFolder


def test_timestamp_is_renewed_with_the_snapshot_key_only(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    args = ["repository", "refresh", str(repository.path), *repository.options("snapshot")]
    assert done(*args, "--now=2027-01-15T09:00:00Z").out == "published: snapshot 1, timestamp 2\n"
    found = json.loads(done(*args, "--now=2027-01-20T09:00:00Z", "--json").out)
    assert found["roles"] == [
        {"role": "snapshot", "version": 2},
        {"role": "timestamp", "version": 3},
    ]
    wrong = ["--snapshot-key", str(repository.key("targets"))]
    assert "is not one that signs snapshot" in failed(1, *args, *wrong)
    assert "there is no such folder" in failed(
        3, "repository", "refresh", str(tmp_path / "absent"), *repository.options("snapshot")
    )


def test_empty_folder_is_not_a_repository(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path / "one")
    empty = tmp_path / "empty"
    empty.mkdir()
    args = ["repository", "refresh", str(empty), *repository.options("snapshot")]
    assert failed(3, *args) == (
        f"{empty}: is not a repository, because it has no metadata/timestamp.json; correct the place, or "
        "make one with: repository init"
    )
