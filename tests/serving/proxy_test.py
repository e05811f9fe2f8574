"""Devices whose repository is behind a caching proxy, with the two configurations of the page about nginx."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from software_update.client.state import Code, Detail
from software_update.testing.repositories import NOW, Release, RepositoryFolder

from tests.device.nginx import Nginx
from tests.serving.device import RepositoryDevice
from tests.serving.nginx_page import configuration
from tests.serving.served import Served, serving

MIB = 1 << 20
APP = bytes(range(256)) * 10 * 1024
FIRST = Release("2.0", 2, {"app": APP, "boot": b"bootloader\n"})


def publish(repository: RepositoryFolder) -> None:
    repository.add(FIRST)
    repository.rollout("2.0", (100, NOW))


@pytest.fixture(name="served")
def served_fixture(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, publish) as served:
        yield served


@pytest.fixture(name="proxy")
def proxy_fixture(tmp_path: Path, served: Served) -> Iterator[Nginx]:
    proxy = Nginx(tmp_path / "proxy", configuration("cache.conf", served.url))
    proxy.start()
    yield proxy
    proxy.stop()


def device_of(served: Served, proxy: Nginx, folder: Path) -> RepositoryDevice:
    return served.device(folder, proxy.url("").removesuffix("/"))


def updated(device: RepositoryDevice) -> None:
    device.check()
    device.agree()
    assert device.device.slot("app", "B") == APP
    assert device.detail is Detail.AWAITING_CONSENT


def test_server_sends_each_part_once_to_many_devices(
    served: Served, proxy: Nginx, tmp_path: Path
) -> None:
    def update_all() -> None:
        for number in range(4):
            updated(device_of(served, proxy, tmp_path / str(number)))

    answers = served.answers(update_all)
    # Six files of metadata, one of which is missing, and the bundle in parts of 1 MiB.
    assert Counter(each.status for each in answers) == {206: 5 + 3, 404: 1}
    assert sum(each.length for each in answers) < len(FIRST.bundle) + 16 * 1024
    # Devices ask the proxy for the first part, and then for the rest.
    asked = [each.range for each in proxy.log() if each.status == 206]
    first = [each for each in asked if each.startswith("bytes=0-")]
    assert (len(first), len(set(first))) == (8, 1)


def test_download_goes_on_after_the_proxy_was_cut(
    served: Served, proxy: Nginx, tmp_path: Path
) -> None:
    device = device_of(served, proxy, tmp_path / "device")
    device.check()
    cuts: list[int] = []

    def cut(_: int) -> None:
        if not cuts:
            cuts.append(1)
            proxy.stop()
            proxy.start()

    device.client.on_progress = cut
    device.agree()
    assert cuts
    assert device.device.slot("app", "B") == APP


def test_older_timestamp_of_another_cache_is_rejected_for_now(
    served: Served, proxy: Nginx, tmp_path: Path
) -> None:
    """A device that changes caches may see an older timestamp for `max-age`."""
    stale = device_of(served, proxy, tmp_path / "stale")
    stale.check()
    device = served.device(tmp_path / "device")
    served.repository.refresh()
    device.check()
    assert device.detail is Detail.AWAITING_CONSENT
    device.base = proxy.url("").removesuffix("/")
    device.start()
    device.check()
    assert device.code is Code.REPOSITORY_ROLLED_BACK
    device.base = served.url
    device.start()
    device.check()
    assert device.detail is Detail.AWAITING_CONSENT
