"""Topic static_repositories: repositories that this project's publisher has written, and time passes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from software_update.client.shell.clock import MachineClock
from software_update.testing.repositories import DAY, NOW, RepositoryFolder, releases

from tests.serving.conformance.run import Run, started


def serve_files(run: Run, repository: RepositoryFolder) -> None:
    """Makes the server of a run serve the files of a repository."""
    files = [each for each in repository.path.rglob("*.*") if each.is_file()]
    run.site.objects = {str(each.relative_to(repository.path)): each.read_bytes() for each in files}


@pytest.fixture(name="repository")
def repository_fixture(tmp_path: Path) -> RepositoryFolder:
    repository = RepositoryFolder(tmp_path / "publisher")
    repository.add(*releases(3), attachments={"sbom.json": b"{}"})
    return repository


@pytest.fixture(name="run")
def run_fixture(
    tmp_path: Path, repository: RepositoryFolder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    monkeypatch.setattr(MachineClock, "now", lambda self: repository.now)
    with started(tmp_path) as run:
        serve_files(run, repository)
        assert run.init(repository.root.read_bytes()) == 0
        yield run


def test_refresh(run: Run) -> None:
    assert run.refresh() == 0
    assert run.versions()["root"] == 1


def test_bundle_and_attachment_are_downloaded(run: Run) -> None:
    names = ("meter/stable/1.2.bundle", "meter/stable/1.2.bundle.sbom.json")
    assert run.download(*names) == 0
    assert run.downloaded == sorted([releases(1, first=2)[0].bundle, b"{}"])


def test_archived_bundle_is_found_in_its_bin(run: Run, repository: RepositoryFolder) -> None:
    repository.add(*releases(3, first=4), kept=2)
    serve_files(run, repository)
    assert run.download("meter/stable/1.1.bundle") == 0
    bins = [each for each in run.requested if ".archive-" in each]
    assert len(bins) == 1


def test_repository_that_is_not_refreshed_is_rejected(
    run: Run, repository: RepositoryFolder
) -> None:
    assert run.refresh() == 0
    repository.now = NOW + 2 * DAY
    assert run.refresh() == 1
