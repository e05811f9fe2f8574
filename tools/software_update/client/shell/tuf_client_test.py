"""Tests of python-tuf's client with this project's network and clock."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import tuf
from tuf.api.exceptions import DownloadHTTPError, ExpiredMetadataError
from tuf.api.metadata import MetaFile

from software_update.base.errors import InputError
from software_update.client.repository import Problem, RepositoryRejected
from software_update.client.shell import tuf_client
from software_update.client.shell.tuf_client import Fetcher, TufClient
from software_update.client.simulator.machine import (
    SimulatedClock,
    SimulatedNetwork,
    SimulatedPrograms,
)
from software_update.client.source import SourceError
from software_update.client.sources.requests import HttpSettings, Requests
from software_update.client.system import Response, System
from software_update.testing.memory_storage import MemoryStorage
from software_update.testing.tuf_site import BASE, DAY, START, TufSite, answer_of, signed

URL = f"{BASE}/metadata/timestamp.json"


class Served:
    """A fetcher whose server gives one answer, and the clock that its reads move."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.clock = SimulatedClock()
        self.headers: list[Mapping[str, str]] = []

    @property
    def fetcher(self) -> Fetcher:
        def answer(url: str, headers: Mapping[str, str]) -> Response:
            assert url == URL
            self.headers.append(headers)
            return self.response

        network = SimulatedNetwork(answer)
        system = System(MemoryStorage(), SimulatedPrograms(), self.clock, network)
        settings = HttpSettings(URL)
        pace = settings.pace(self.clock.since_boot, self.clock.advance)
        return Fetcher(lambda url: Requests(system, HttpSettings(url)), pace)


class Endless(Response):
    """An answer that never ends, at so many bytes and seconds per read."""

    def __init__(self, served: Served | None, size: int, seconds: float) -> None:
        self.status = 200
        self.headers: Mapping[str, str] = {}
        self.served = served
        self.size = size
        self.seconds = seconds
        self.sent = 0
        self.closed = False

    def read(self, length: int) -> bytes:
        assert self.served is not None
        self.served.clock.advance(self.seconds)
        self.sent += min(length, self.size)
        return bytes(min(length, self.size))

    def close(self) -> None:
        self.closed = True


def endless(size: int, seconds: float) -> tuple[Endless, Served]:
    response = Endless(None, size, seconds)
    response.served = Served(response)
    return response, response.served


def test_file_is_fetched_with_the_usual_headers_only() -> None:
    served = Served(answer_of(200, b"content"))
    assert served.fetcher.download_bytes(URL, 7) == b"content"
    assert [set(each) for each in served.headers] == [{"Accept", "Accept-Encoding", "User-Agent"}]


def test_target_is_fetched_into_a_file() -> None:
    with Served(answer_of(200, b"content")).fetcher.download_file(URL, 7) as file:
        assert file.read() == b"content"


@pytest.mark.parametrize("most", [0, 6])
def test_longer_file_than_allowed_is_rejected(most: int) -> None:
    with pytest.raises(RepositoryRejected, match=f"sends more than {most} bytes") as caught:
        Served(answer_of(200, b"content")).fetcher.download_bytes(URL, most)
    assert caught.value.problem is Problem.TOO_LARGE


def test_endless_file_is_given_up_at_its_limit() -> None:
    response, served = endless(10_000, 0)
    with pytest.raises(RepositoryRejected):
        served.fetcher.download_bytes(URL, 16_384)
    assert response.sent <= 16_384 + 10_000
    assert response.closed


def test_slow_file_is_given_up_after_a_minute() -> None:
    response, served = endless(1, 10)
    with pytest.raises(RepositoryRejected, match="sent only 6 bytes in 60 seconds") as caught:
        served.fetcher.download_bytes(URL, 16_384)
    assert caught.value.problem is Problem.TOO_SLOW
    assert response.closed


@pytest.mark.parametrize("status", [403, 404])
def test_missing_file_is_the_error_that_tuf_knows(status: int) -> None:
    with pytest.raises(DownloadHTTPError, match=r"updates.example/repository/metadata") as caught:
        Served(answer_of(status, b"not here")).fetcher.download_bytes(URL, 10)
    assert caught.value.status_code == status


def test_body_of_a_missing_file_is_read_for_the_connection_but_not_endlessly() -> None:
    response, served = endless(1000, 0)
    response.status = 404
    with pytest.raises(DownloadHTTPError):
        served.fetcher.download_bytes(URL, 10)
    assert response.sent == 8192


def test_token_is_not_sent_to_a_place_to_which_metadata_is_redirected() -> None:
    sent: list[tuple[str, str | None]] = []

    def answer(url: str, headers: Mapping[str, str]) -> Response:
        sent.append((url, headers.get("Authorization")))
        if url == URL:
            return answer_of(302, b"", {"location": "http://cdn.example/timestamp.json"})
        return answer_of(200, b"content")

    storage = MemoryStorage()
    storage.put("/token", b"Bearer abc")
    clock = SimulatedClock()
    system = System(storage, SimulatedPrograms(), clock, SimulatedNetwork(answer))
    settings = HttpSettings(URL, token_file="/token")
    pace = settings.pace(clock.since_boot, clock.advance)
    fetcher = Fetcher(lambda url: Requests(system, settings), pace)
    assert fetcher.download_bytes(URL, 7) == b"content"
    assert sent == [(URL, "Bearer abc"), ("http://cdn.example/timestamp.json", None)]


def test_other_status_is_an_error_with_its_wait() -> None:
    answer = answer_of(503, b"", {"retry-after": "120"})
    with pytest.raises(SourceError, match="is overloaded or in maintenance") as caught:
        Served(answer).fetcher.download_bytes(URL, 10)
    assert caught.value.retry_after == 120


def test_compressed_metadata_is_an_error() -> None:
    answer = answer_of(200, b"x", {"content-encoding": "gzip"})
    with pytest.raises(SourceError, match="it must send it as it is"):
        Served(answer).fetcher.download_bytes(URL, 10)


def test_cut_is_an_error_of_the_source() -> None:
    class Cut(Endless):
        def read(self, length: int) -> bytes:
            raise ConnectionResetError("Connection reset by peer")

    with pytest.raises(SourceError, match=r"timestamp.json: Connection reset by peer"):
        Served(Cut(None, 0, 0)).fetcher.download_bytes(URL, 10)


# The clock.


def client(site: TufSite, folder: Path, at: int) -> TufClient:
    clock = SimulatedClock()
    system = System(MemoryStorage(), SimulatedPrograms(), clock, SimulatedNetwork(site.get))
    pace = HttpSettings(BASE).pace(clock.since_boot, clock.advance)
    fetcher = Fetcher(lambda url: Requests(system, HttpSettings(url)), pace)
    return TufClient(str(folder), f"{BASE}/metadata/", fetcher, site.first_root, at)


@pytest.fixture(name="site")
def site_fixture() -> TufSite:
    site = TufSite()
    site.publish()
    return site


def test_locked_tuf_keeps_its_time_where_it_is_set(site: TufSite, tmp_path: Path) -> None:
    """If this fails after an update of tuf, `_with_clock` must set the time elsewhere."""
    assert tuf.__version__.startswith("7.")
    updater = client(site, tmp_path, START).updater
    assert updater._trusted_set.reference_time == datetime.fromtimestamp(START, UTC)


# Expiries of root, timestamp, snapshot and targets, in days after START, and the role that expires first.
@pytest.mark.parametrize(
    ("role", "days"), [("root", 365), ("timestamp", 1), ("snapshot", 7), ("targets", 90)]
)
def test_given_time_decides_about_the_expiry_of_each_role(
    site: TufSite, tmp_path: Path, role: str, days: int
) -> None:
    site.root.expires = site.snapshot.expires = site.timestamp.expires = site.after(1000)
    site.roles["targets"].expires = site.after(1000)
    expiring = site.roles["targets"] if role == "targets" else getattr(site, role)
    expiring.expires = site.after(days)
    site.root.version = 0
    site.publish_root()
    site.publish_role("targets")
    site.snapshot.version += 1
    _publish(site)
    client(site, tmp_path / "before", START + days * DAY - 1).refresh()
    with pytest.raises(ExpiredMetadataError, match=role):
        client(site, tmp_path / "after", START + days * DAY).refresh()


def _publish(site: TufSite) -> None:
    """Publishes snapshot and timestamp with the expiries that they have."""
    name = f"metadata/{site.snapshot.version}.snapshot.json"
    site.objects[name] = signed(site.snapshot, *site.signers["snapshot"])
    site.timestamp.version += 1
    site.timestamp.snapshot_meta = MetaFile(site.snapshot.version)
    timestamp = signed(site.timestamp, *site.signers["timestamp"])
    site.objects["metadata/timestamp.json"] = timestamp


@pytest.mark.parametrize("trusted", [None, SimpleNamespace(), SimpleNamespace(reference_time=1)])
def test_tuf_with_its_time_elsewhere_is_an_error(trusted: object) -> None:
    with pytest.raises(InputError, match="install tuf 7"):
        tuf_client._with_clock(SimpleNamespace(_trusted_set=trusted), START)  # type: ignore[arg-type]
