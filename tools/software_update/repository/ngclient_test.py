"""Tests that python-tuf's own client reads a repository from a plain web server."""

import functools
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tuf.api.exceptions import ExpiredMetadataError
from tuf.ngclient import Updater, UpdaterConfig

from software_update.testing.repositories import DAY, RepositoryFolder, releases


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def repository(tmp_path: Path) -> RepositoryFolder:
    return RepositoryFolder(tmp_path / "publisher", now=int(time.time()))


@pytest.fixture
def url(repository: RepositoryFolder) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(repository.path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def updater(tmp_path: Path, url: str, repository: RepositoryFolder) -> Updater:
    (tmp_path / "targets").mkdir(exist_ok=True)
    return Updater(
        str(tmp_path / "cache"),
        f"{url}/metadata/",
        str(tmp_path / "targets"),
        f"{url}/targets/",
        config=UpdaterConfig(),
        bootstrap=repository.root.read_bytes(),
    )


def test_ngclient_fetches_current_and_archived_bundles(
    tmp_path: Path, url: str, repository: RepositoryFolder
) -> None:
    made = releases(4)
    repository.add(*made[:3], attachments={"sbom.json": b"{}"})
    repository.add(made[3], kept=2)
    client = updater(tmp_path, url, repository)
    for release in made:
        found = client.get_targetinfo(f"meter/stable/{release.version}.bundle")
        assert found is not None
        assert found.custom["release"] == release.digest
        assert Path(client.download_target(found)).read_bytes() == release.bundle
    attached = client.get_targetinfo("meter/stable/1.1.bundle.sbom.json")
    assert attached is not None
    assert Path(client.download_target(attached)).read_bytes() == b"{}"
    rules = client.get_targetinfo("rollout/meter/stable.json")
    assert rules is not None
    assert b"software_update.rollout.v1" in Path(client.download_target(rules)).read_bytes()
    assert client.get_targetinfo("meter/stable/9.9.bundle") is None


def test_ngclient_rejects_an_expired_timestamp_until_refresh(
    tmp_path: Path, url: str, repository: RepositoryFolder
) -> None:
    repository.now -= 2 * DAY
    repository.add(*releases(1))
    with pytest.raises(ExpiredMetadataError):
        updater(tmp_path, url, repository).refresh()
    repository.now += 2 * DAY
    repository.refresh()
    updater(tmp_path, url, repository).refresh()
