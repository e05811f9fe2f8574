"""Tests of repository_root_publish.py. That of repository_root_create.py publishes, too."""

from pathlib import Path

from software_update.testing.command import failed
from software_update.testing.repositories import RepositoryFolder


def test_root_that_is_not_the_next_one_is_refused(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    publish = ["repository", "root-publish", str(repository.path)]
    options = repository.options("targets", "snapshot")
    text = failed(3, *publish, str(repository.root), *options)
    assert "is not the root after version 1 (it has version 1)" in text
    assert "is not a root" in failed(3, *publish, str(repository.key("root")), *options)
