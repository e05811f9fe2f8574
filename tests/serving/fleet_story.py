"""The story of a fleet: a release, one in four bands that is halted, and one that corrects it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from software_update.format.rollout import Band, Rollout, begins, place
from software_update.testing.repositories import Release, RepositoryFolder

from tests.device.nginx import Nginx
from tests.serving.fleet import DAY, HOUR, Fleet, is_patient

START = 1_800_000_000
# The publisher's timer. The timestamp is valid for a day.
REFRESH = 12 * HOUR
FIRST, BAD, FIXED = Release("1.0", 1), Release("2.0", 2), Release("2.1", 3)
BANDS = tuple(
    Band(percent, START + (3 + number) * DAY) for number, percent in enumerate((5, 25, 50, 100))
)
_SERVER = """
    server {{
        listen 127.0.0.1:{port};
        root "{folder}/www";
    }}
"""


class Publisher:
    """The publisher: it refreshes by a timer, and publishes releases and rules."""

    def __init__(self, folder: Path) -> None:
        self.repository = RepositoryFolder(folder, now=START)
        self._refreshed = START

    def timer(self, now: int) -> None:
        """Refreshes if it is time."""
        if now - self._refreshed >= REFRESH:
            self._refreshed = now
            self.set_time(now).refresh()

    def set_time(self, now: int) -> RepositoryFolder:
        """Returns the repository, in which everything is signed at this time from now on."""
        self.repository.now = now
        return self.repository


@contextmanager
def fleet(folder: Path, count: int, interval: int = 6 * HOUR) -> Iterator[tuple[Fleet, Publisher]]:
    """A fleet, its publisher and nginx between them."""
    server = Nginx(folder / "nginx", _SERVER)
    publisher = Publisher(folder / "publisher")
    (folder / "nginx/www").rmdir()
    (folder / "nginx/www").symlink_to(publisher.repository.path)
    server.start()
    try:
        repository = publisher.repository
        yield (
            Fleet(
                folder,
                server.url("").rstrip("/"),
                repository.root.read_bytes(),
                repository.product_root.read_bytes(),
                count=count,
                now=START,
                interval=interval,
            ),
            publisher,
        )
    finally:
        server.stop()


def admitted(devices: Fleet, release: Release, rules: Rollout, at: int) -> set[int]:
    """Returns the devices that the rules admit at a time."""
    found = set()
    for each in devices.devices:
        begin = begins(rules, place(each.secret, release.digest))
        if begin is not None and begin <= at:
            found.add(each.number)
    return found


def play(devices: Fleet, publisher: Publisher) -> None:
    """A first release, a second in bands that is halted in its third one, and one that corrects it."""
    quick = {each.number for each in devices.devices if not is_patient(each.number)}
    publisher.repository.add(FIRST)
    publisher.repository.rollout(FIRST.version, (100, START))
    devices.run_until(START + DAY, publisher.timer)
    assert devices.with_version("1.0") == quick
    devices.run_until(BANDS[0].not_before, publisher.timer)
    assert devices.with_version("1.0") == {each.number for each in devices.devices}

    publisher.set_time(devices.now).add(BAD)
    publisher.repository.rollout(BAD.version, *BANDS)
    rules = Rollout(BAD.digest, BANDS)
    for band in BANDS[:3]:
        for hours in range(0, 24, 4):
            now = band.not_before + hours * HOUR
            devices.run_until(now, publisher.timer)
            assert devices.with_version("2.0") <= admitted(devices, BAD, rules, now)
        if band is not BANDS[2]:
            devices.run_until(band.not_before + DAY, publisher.timer)
            begun = admitted(devices, BAD, rules, band.not_before)
            assert devices.with_version("2.0") & quick == begun & quick

    halt = devices.now
    publisher.set_time(halt).halt(BAD.version)
    # These devices see neither the halt nor anything else for two days.
    for each in devices.devices[::2]:
        each.network.offline = True
    devices.run_until(halt + DAY, publisher.timer)
    with_bad = devices.with_version("2.0")
    devices.run_until(halt + 2 * DAY, publisher.timer)
    for each in devices.devices:
        each.network.offline = False
    devices.run_until(halt + 4 * DAY, publisher.timer)
    assert devices.with_version("2.0") == with_bad
    assert devices.results()["HALTED"] == len(devices.devices) - len(with_bad)

    publisher.set_time(devices.now).add(FIXED)
    publisher.repository.rollout(FIXED.version, (100, devices.now))
    devices.run_until(devices.now + 4 * DAY, publisher.timer)
    assert {each.version for each in devices.devices} == {"2.1"}
