"""A fleet of devices on one virtual clock, with the real service and source, and a real server.

    fleet = Fleet(folder, url, root, product_root, count=1000)
    fleet.run_until(at)          # every device does what is due until then
    fleet.versions()             # the versions that run

Only three parts are simulated: the time, the storage of a device apart from python-tuf's cache, and its
boot loader.
"""

from __future__ import annotations

import heapq
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from software_update.client.config import Approvers, CheckConfig
from software_update.client.decision import Choice, Decision, Situation
from software_update.client.effects import Effect, effect_of
from software_update.client.events import PresetChanged
from software_update.client.policy.chain import Link
from software_update.client.question import Phase, Question
from software_update.client.repository import RepositorySource
from software_update.client.shell.client import Client
from software_update.client.shell.network import UrllibNetwork
from software_update.client.shell.notify import Notifier
from software_update.client.shell.service import Service
from software_update.client.shell.tuf_repository import RepositorySettings, TufRepository
from software_update.client.sources.requests import HttpSettings
from software_update.client.system import Response, System
from software_update.testing.fake_device import STATE, FakeDevice
from software_update.testing.memory_storage import MemoryStorage
from software_update.testing.repositories import CHANNEL, PRODUCT

HOUR = 60 * 60
DAY = 24 * HOUR
# Seconds of virtual time that a device takes to restart.
_RESTART = 60
_SECRET = "rollout-secret"


@dataclass
class Traffic:
    """The requests of the fleet, by kind of object, and the bytes of bodies that it read."""

    requests: Counter[str] = field(default_factory=Counter)
    body_bytes: Counter[str] = field(default_factory=Counter)

    def total(self) -> tuple[int, int]:
        """Returns requests and bytes."""
        return self.requests.total(), self.body_bytes.total()


class _CountedResponse:
    """A response that counts the bytes of its body."""

    def __init__(self, response: Response, traffic: Traffic, kind: str) -> None:
        self._response = response
        self._traffic = traffic
        self._kind = kind
        self.status = response.status
        self.headers = response.headers

    def read(self, length: int) -> bytes:
        content = self._response.read(length)
        self._traffic.body_bytes[self._kind] += len(content)
        return content

    def close(self) -> None:
        self._response.close()


@dataclass
class CountedNetwork:
    """The network of all devices: it counts, and is down for a device that is `offline`."""

    real: UrllibNetwork
    traffic: Traffic
    offline: bool = False

    def get(self, url: str, headers: Mapping[str, str]) -> Response:
        """See `system.Network.get`."""
        if self.offline:
            raise ConnectionError("the network is down")
        kind = kind_of(url)
        self.traffic.requests[kind] += 1
        return _CountedResponse(self.real.get(url, headers), self.traffic, kind)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """See `system.Network.send`. No device of the fleet sends anything."""
        raise AssertionError(f"{method} {url}")


def kind_of(url: str) -> str:
    """Returns the kind of object that a request is for."""
    name = url.rsplit("/", 1)[-1]
    if url.endswith(".bundle"):
        return "bundle"
    role = name.removesuffix(".json").split(".", 1)[-1] if name[0].isdigit() else "timestamp"
    return role.split(".")[0]


class _Disk(MemoryStorage):
    """The storage of a device, whose cache of a repository is a folder of this machine."""

    def __init__(self, cache: Path) -> None:
        super().__init__()
        self._cache = str(cache)

    def make_folder(self, path: str) -> None:
        if path == self._cache:
            os.makedirs(path, exist_ok=True)
            return
        super().make_folder(path)

    def remove(self, path: str) -> None:
        if path == self._cache:
            shutil.rmtree(path, ignore_errors=True)
            return
        super().remove(path)


class Patience:
    """A policy that lets a device restart only two days after it has found a release."""

    def decide(self, question: Question, situation: Situation) -> Decision:
        """See `decision.Policy`."""
        del question
        until = situation.first_asked + 2 * DAY
        if situation.now >= until:
            return Decision(Choice.ALLOW, "two days have passed")
        return Decision(Choice.DEFER, "it waits two days", until)


def is_patient(number: int) -> bool:
    """Says whether a device waits with each restart: every fourth one."""
    return number % 4 == 0


class FleetDevice:
    """A device with the preset auto-all, which restarts by itself when its client wants to.

    `installed` are the versions that it has committed, each with the time in seconds since 1970.
    """

    def __init__(self, number: int, fleet: Fleet) -> None:
        cache = fleet.folder / f"cache-{number}"
        self.number = number
        self.network = CountedNetwork(fleet.network, fleet.traffic)
        self.installed: list[tuple[str, int]] = []
        self._fleet = fleet
        self._device = FakeDevice(storage=_Disk(cache))
        self._device.clock.boot = f"device-{number}"
        self._device.clock.wall = fleet.now
        system = System(
            self._device.storage, self._device.programs, self._device.clock, self.network
        )
        settings = RepositorySettings(
            HttpSettings(fleet.url), fleet.root, PRODUCT, CHANNEL, str(cache)
        )
        repository = TufRepository(system, lambda _: None, settings)
        patience = Link("patience", Patience(), frozenset({Phase.RESTART}))
        domain = self._device.domain(
            targets=("app",),
            sources=[RepositorySource(repository, PRODUCT)],
            anchor=fleet.product_root,
            policies=[patience] if is_patient(number) else [],
        )
        self._domains = {"main": domain}
        self._system = system
        self._start()
        self._service.client.handle(PresetChanged(fleet.now, "main", "auto-all", "the factory"))

    def _start(self) -> None:
        times = CheckConfig(self._fleet.interval, 60, 12 * HOUR)
        self._service = Service(
            lambda on_change, on_progress: Client(
                self._system, STATE, self._domains, on_change, on_progress, times
            ),
            Approvers(frozenset(), frozenset()),
            times,
            self._fleet.alarm,
            Notifier({}),
        )
        self._service.start()

    @property
    def secret(self) -> bytes:
        """The secret that decides its place in rollouts."""
        content = self._device.storage.content(f"{STATE}/{_SECRET}")
        return bytes(content)

    @property
    def version(self) -> str:
        """The version that runs; empty for that of the factory."""
        state = self._service.client.state.domain("main")
        running = state.slots.get(state.running)
        return running.version if running else ""

    @property
    def result(self) -> str:
        """The code of the last check or plan."""
        result = self._service.client.state.result
        return result.code.value if result else ""

    def turn(self, now: int) -> float:
        """Does what is due at a time. Returns the seconds until something is due again."""
        self._device.clock.advance(now - self._device.clock.wall)
        before = self.version
        self._service.turn()
        if effect_of(self._service.client.state) is Effect.RESTART:
            self._restart()
        if self.version != before:
            self.installed.append((self.version, self._device.clock.wall))
        return self._service.due_in()

    def _restart(self) -> None:
        clock = self._device.clock
        clock.advance(_RESTART)
        clock.boot = f"device-{self.number} {clock.wall}"
        self._device.boot.start()
        self._start()
        self._service.turn()


class _SilentAlarm:
    """An alarm that is never waited for: the fleet's queue takes its place."""

    def wait(self, seconds: float | None) -> None:
        raise AssertionError(seconds)

    def ring(self) -> None:
        pass


class Fleet:
    """`count` devices that all start at `now`, and check every `interval` seconds on average."""

    def __init__(
        self,
        folder: Path,
        url: str,
        root: bytes,
        product_root: bytes,
        *,
        count: int,
        now: int,
        interval: int = 6 * HOUR,
    ) -> None:
        self.folder = folder
        self.url = url
        self.root = root
        self.product_root = product_root
        self.now = now
        self.interval = interval
        self.network = UrllibNetwork()
        self.traffic = Traffic()
        self.alarm = _SilentAlarm()
        self.devices = [FleetDevice(number, self) for number in range(count)]
        self._due = [(float(now), number) for number in range(count)]

    def run_until(self, at: int, also: Callable[[int], None] = lambda _: None) -> None:
        """Lets every device do what is due until a time. `also` is called with the time of each turn."""
        while self._due[0][0] < at:
            due, number = heapq.heappop(self._due)
            self.now = int(due) + 1
            also(self.now)
            wait = self.devices[number].turn(self.now)
            heapq.heappush(self._due, (self.now + max(1.0, min(wait, DAY)), number))
        self.now = at

    def with_version(self, version: str) -> set[int]:
        """Returns the numbers of the devices that have committed a version."""
        return {
            each.number
            for each in self.devices
            if version in (installed for installed, _ in each.installed)
        }

    def results(self) -> Counter[str]:
        """Returns how many devices ended their last check with each code."""
        return Counter(each.result for each in self.devices)
