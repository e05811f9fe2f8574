"""A device in memory whose source is a repository, with python-tuf's client and a server in memory.

world = World(tmp_path)
world.publish(bundle(2))
world.check()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from software_update.bundle.head import read_head
from software_update.client import events
from software_update.client.release import offered_digest
from software_update.client.repository import RepositorySource
from software_update.client.shell.client import Client
from software_update.client.shell.files import MachineStorage
from software_update.client.shell.tuf_repository import RepositorySettings, TufRepository
from software_update.client.simulator.machine import SimulatedNetwork, SimulatedPrograms
from software_update.client.sources.requests import HttpSettings
from software_update.client.state import Answer, Code, Detail, Installed, Reply
from software_update.client.system import Network, System
from software_update.format.catalog import CatalogEntry, entry_of
from software_update.format.release_manifest import ReleaseManifest, build_release, parse_release
from software_update.format.rollout import Band, Rollout
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice
from software_update.testing.tuf_site import BASE, TufSite

PRODUCT = "Lamp"
APP, BOOT = b"application\n" * 10_000, b"bootloader\n"


def bundle(
    counter: int, *, keys: Sequence[e.Key | int] = (e.TARGETS_KEY,), **changes: Any
) -> bytes:
    """Returns a bundle with a release manifest."""
    manifest = ReleaseManifest(PRODUCT, f"{counter}.0", counter)._replace(**changes)
    contents = {
        "user_manifest": build_release(manifest),
        "app": APP + bytes([counter]),
        "boot": BOOT,
    }
    return e.bundle(contents, version=counter, signers=keys)


class _Bytes:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def size(self) -> int:
        return len(self._content)

    def read(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]


def honest_entry(content: bytes) -> CatalogEntry:
    """Returns the entry of a bundle, as the publisher makes it."""
    head = read_head(_Bytes(content))
    assert head.user_manifest is not None
    manifest = parse_release(head.user_manifest)
    assert manifest is not None
    return entry_of(manifest, offered_digest(head.envelope), head.end)


class World:
    """The device, which runs version 1.0, and the repository."""

    def __init__(self, folder: Path, network: Network | None = None, base: str = BASE) -> None:
        self.folder = folder
        self.device = FakeDevice()
        self.site = TufSite(self.device.clock.now(), product=PRODUCT, base=base)
        self.site.publish()
        self.network = network or SimulatedNetwork(self.site.get)
        self.settings: Mapping[str, Any] = {}
        self.device.offer(bundle(1))
        client = self.start()
        manifest = client.keep_manifest(client.manifest_of("main", "/stick/update.bundle"))
        installed = Installed(manifest, "0" * 64, "1.0", 1, 1)
        client.handle(events.Provisioned(1, "main", "A", installed, None, "factory"))

    def start(self) -> Client:
        """Starts the client, which forgets all but its record and its cache."""
        system = System(MachineStorage(), SimulatedPrograms(), self.device.clock, self.network)
        settings = RepositorySettings(
            HttpSettings(self.site.base, **self.settings),
            self.site.first_root,
            PRODUCT,
            "stable",
            str(self.folder / "cache"),
        )
        repository = TufRepository(system, self.device.clock.advance, settings)
        source = RepositorySource(repository, PRODUCT)
        domain = self.device.domain(sources=[source])
        self.client = Client(self.device.system, STATE, {"main": domain})
        self.client.start()
        self.client.run()
        return self.client

    def publish(
        self, content: bytes, entry: CatalogEntry | None = None, rules: Rollout | None = None
    ) -> str:
        """Publishes a bundle, by default for all devices, and returns its target path."""
        entry = entry or honest_entry(content)
        path = self.site.add_bundle(content, entry)
        self.site.set_rollouts(rules or Rollout(entry.release, (Band(100, 0),)))
        self.site.publish(self.site.channel_role, self.site.rollout_role)
        return path

    def check(self) -> None:
        """Looks for a release."""
        self.client.check("main")
        self.client.run()

    def agree(self) -> None:
        """Agrees to the phase that waits."""
        question = self.client.question()
        assert question is not None
        answer = Answer(question.release, question.root, question.phase, Reply.YES, "alice", 9)
        assert self.client.handle(events.Answered(9, answer))
        self.client.run()

    @property
    def code(self) -> Code | None:
        """The code of the last result."""
        return self.client.state.result.code if self.client.state.result else None

    @property
    def text(self) -> str:
        """The text of the last result."""
        return self.client.state.result.text if self.client.state.result else ""

    @property
    def detail(self) -> Detail:
        """The state of the client."""
        return self.client.state.detail

    def requests(self, act: Callable[[], object]) -> list[str]:
        """Returns the names of the files that `act` requests."""
        self.site.requests.clear()
        act()
        return [each.url.removeprefix(f"{self.site.base}/") for each in self.site.requests]
