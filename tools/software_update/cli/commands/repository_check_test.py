"""Tests of repository_check.py."""

import functools
import http.server
import json
import threading
from pathlib import Path

import pytest

from software_update.testing.command import call, done, failed
from software_update.testing.repositories import RepositoryFolder, releases


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryFolder:
    repository = RepositoryFolder(tmp_path)
    repository.add(*releases(2))
    return repository


def arguments(repository: RepositoryFolder, place: str = "") -> list[str]:
    place = place or str(repository.path)
    return ["repository", "check", place, *repository.options()]


def test_good_repository(repository: RepositoryFolder) -> None:
    out = done(*arguments(repository), "--now=2027-01-15T09:00:00Z").out.splitlines()
    assert out[:2] == [
        "timestamp version 2 expires 2027-01-16T08:00:00Z",
        "snapshot version 2 expires 2027-01-22T08:00:00Z",
    ]
    assert out[2].startswith("checked 39 roles, and 3 target files of ")
    found = json.loads(
        done(*arguments(repository), "--now=2027-01-15T09:00:00Z", "--metadata-only", "--json").out
    )
    assert (found["problems"], found["objects"]) == ([], 0)


def test_alarm_says_what_to_run(repository: RepositoryFolder) -> None:
    found = call(*arguments(repository), "--now=2027-01-17T09:00:00Z")
    assert found.status == 1
    assert "timestamp version 2 expired 2027-01-16T08:00:00Z\n" in found.out
    assert found.err == "software-update: expired: timestamp; run: repository refresh\n"
    found = call(*arguments(repository), "--now=2027-01-15T09:00:00Z", "--within=100d")
    assert found.status == 1
    assert "expires soon: archive, archive-00, archive-01 and 33 more; run: repository renew" in (
        found.err
    )
    found = call(*arguments(repository), "--now=2027-12-15T09:00:00Z", "--within=100d")
    assert "expires soon: root; run: repository root-create" in found.err
    next(repository.path.glob("targets/meter/stable/*")).unlink()
    found = call(*arguments(repository), "--now=2027-01-15T09:00:00Z")
    assert found.status == 1
    assert "problems: 1; restore what is listed above" in found.err


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_repository_behind_a_web_server(repository: RepositoryFolder) -> None:
    handler = functools.partial(_Quiet, directory=str(repository.path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        now = "--now=2027-01-15T09:00:00Z"
        assert "checked 39 roles" in done(*arguments(repository, url), now).out
        (repository.path / "metadata/timestamp.json").unlink()
        assert failed(3, *arguments(repository, url), now).startswith(f"{url}: is not a repository")
        server.shutdown()
