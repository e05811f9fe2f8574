"""Tests of repository_root_sign.py. That of repository_root_create.py signs, too."""

from pathlib import Path

from software_update.testing.command import failed
from software_update.testing.repositories import RepositoryFolder


def test_files_that_cannot_be_signed(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    sign = ["repository", "root-sign"]
    key = f"--root-key={repository.key('root')}"
    timestamp = str(repository.path / "metadata/timestamp.json")
    before = repository.root.read_bytes()
    assert "is not a root (it is timestamp metadata)" in failed(3, *sign, timestamp, key)
    root = str(repository.root)
    assert "is the first root; remove --previous" in failed(
        3, *sign, root, key, f"--previous={root}"
    )
    wrong = f"--root-key={repository.key('targets')}"
    assert "is not a root key that this root lists" in failed(1, *sign, root, wrong)
    assert repository.root.read_bytes() == before
