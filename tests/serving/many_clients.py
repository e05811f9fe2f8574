"""Clients of python-tuf, each in a thread, that read a repository again and again.

Each one must see a state that the publishers could have left, and never an older one than before.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from software_update.testing.repositories import Release
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import Updater
from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher

_SECONDS = 120
# All clients together look about so often, besides once after each `World.ends`.
_LOOKS_PER_SECOND = 25
_CHANNEL = "channel.meter.stable"


class World:
    """The releases that all clients must see, and those that they may see."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._must: frozenset[str] = frozenset()
        self._may: dict[str, Release] = {}
        self._round = 0
        self.problems: list[str] = []

    def begins(self, *releases: Release) -> None:
        """From now on clients may see these releases too."""
        with self._lock:
            self._may |= {each.version: each for each in releases}

    def ends(self, *releases: Release) -> None:
        """From now on clients must see these releases."""
        with self._lock:
            self._must |= {each.version for each in releases}
            self._round += 1
            self._lock.notify_all()

    def must(self) -> tuple[int, frozenset[str]]:
        """Returns a number that `ends` raises, and the versions that clients must see."""
        with self._lock:
            return self._round, self._must

    def wait(self, number: int, seconds: float) -> None:
        """Waits until the number of `must` is another one, or for a time."""
        with self._lock:
            self._lock.wait_for(lambda: self._round != number, seconds)

    def may(self) -> dict[str, Release]:
        """Returns the releases that clients may see, by version."""
        with self._lock:
            return dict(self._may)


class Client(threading.Thread):
    """A client with a cache of its own."""

    def __init__(self, world: World, url: str, root: bytes, folder: Path, pause: float) -> None:
        super().__init__(daemon=True)
        self._world = world
        self._pause = pause
        self._url = url
        self._root = root
        self._folder = folder
        self._fetcher = Urllib3Fetcher()
        self._seen: frozenset[str] = frozenset()
        # The round of the last look that began in it.
        self.round = -1
        self.stopped = threading.Event()
        (folder / "targets").mkdir(parents=True)

    def run(self) -> None:
        """Looks until the client is stopped, or sees what it must not see."""
        try:
            while not self.stopped.is_set():
                try:
                    self._look()
                except DownloadHTTPError as error:
                    # moto fails to read an object that is replaced meanwhile. A client then tries again.
                    if error.status_code < 500:
                        raise
                self._world.wait(self.round, self._pause)
        except Exception as error:
            self._world.problems.append(f"{self.name}: {type(error).__name__}: {error}")

    def _look(self) -> None:
        number, must = self._world.must()
        updater = Updater(
            str(self._folder / "cache"),
            f"{self._url}/metadata/",
            str(self._folder / "targets"),
            f"{self._url}/targets/",
            fetcher=self._fetcher,
            bootstrap=self._root,
        )
        updater.refresh()
        updater.get_targetinfo("meter/stable/none")
        role = updater._trusted_set.get(_CHANNEL)
        listed = frozenset(Path(path).stem for path in (role.targets if role else ()))
        may = self._world.may()
        assert must | self._seen <= listed, f"{sorted((must | self._seen) - listed)} are not listed"
        assert listed <= set(may), f"{sorted(listed - set(may))} are listed too early"
        for version in listed - self._seen:
            target = updater.get_targetinfo(f"meter/stable/{version}.bundle")
            assert target
            content = Path(updater.download_target(target)).read_bytes()
            assert content == may[version].bundle
        self._seen = listed
        self.round = number


@contextlib.contextmanager
def clients(
    world: World, count: int, url: str, root: bytes, folder: Path
) -> Iterator[list[Client]]:
    """Runs clients until the context ends."""
    pause = count / _LOOKS_PER_SECOND
    started = [Client(world, url, root, folder / f"client {each}", pause) for each in range(count)]
    for client in started:
        client.start()
    try:
        yield started
    finally:
        for client in started:
            client.stopped.set()
        world.ends()
        for client in started:
            client.join(_SECONDS)
    assert not world.problems, world.problems[:3]


def all_look(world: World, started: list[Client]) -> None:
    """Waits until each client has looked, from beginning to end, since the last `World.ends`."""
    number, _ = world.must()
    deadline = time.monotonic() + _SECONDS
    while any(client.round < number for client in started):
        assert not world.problems, world.problems[:3]
        assert time.monotonic() < deadline, "clients do not come to look"
        time.sleep(0.01)
