"""A device in memory whose source is a repository, with python-tuf's client and a server in memory.

world = World(tmp_path)
world.publish(bundle(2))
world.check()
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from software_update.client.simulator.read_only import ReadOnlyFile
from software_update.client.sources.requests import HttpSettings
from software_update.client.state import Answer, Code, Detail, Installed, Reply
from software_update.client.system import Network, System
from software_update.format.catalog import CatalogEntry, entry_of
from software_update.format.release_manifest import ReleaseManifest, build_release, parse_release
from software_update.format.rollout import Band, Rollout
from software_update.testing import encode as e
from software_update.testing.fake_device import STATE, FakeDevice
from software_update.testing.tuf_site import START, TufSite

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


def honest_entry(content: bytes) -> CatalogEntry:
    """Returns the entry of a bundle, as the publisher makes it."""
    head = read_head(ReadOnlyFile(content))
    assert head.user_manifest is not None
    manifest = parse_release(head.user_manifest)
    assert manifest is not None
    return entry_of(manifest, offered_digest(head.envelope), head.end)


def publish_for_all(
    site: TufSite,
    content: bytes,
    entry: CatalogEntry | None = None,
    rules: Rollout | None = None,
) -> str:
    """Publishes a bundle in a site, by default for all devices, and returns its target path."""
    entry = entry or honest_entry(content)
    path = site.add_bundle(content, entry)
    site.set_rollouts(rules or Rollout(entry.release, (Band(100, 0),)))
    site.publish(site.channel_role, site.rollout_role)
    return path


class RepositoryDevice:
    """A device that runs version 1.0 of a product, and whose source is a repository at `base`.

    `root` is the root of the repository, and `at` the time in seconds since 1970. `settings` are further
    settings of the source. The cache is a folder below `folder`, and all else is in memory.
    """

    def __init__(
        self,
        folder: Path,
        network: Network,
        base: str,
        root: bytes,
        *,
        product: str = PRODUCT,
        hardware_id: str | None = None,
        at: int = START,
        **settings: Any,
    ) -> None:
        self.folder = folder
        self.base = base
        self.product = product
        self.network = network
        self._root = root
        self._hardware_id = hardware_id
        self.settings = settings
        self.device = FakeDevice()
        self.device.clock.wall = at
        self.device.offer(bundle(1, product=product))
        client = self.start()
        manifest = client.keep_manifest(client.manifest_of("main", "/stick/update.bundle"))
        installed = Installed(manifest, "0" * 64, "1.0", 1, 1)
        client.handle(events.Provisioned(1, "main", "A", installed, None, "factory"))

    def start(self) -> Client:
        """Starts the client, which forgets all but its record and its cache."""
        system = System(MachineStorage(), SimulatedPrograms(), self.device.clock, self.network)
        http = HttpSettings(self.base, **self.settings)
        cache = str(self.folder / "cache")
        settings = RepositorySettings(http, self._root, self.product, "stable", cache)
        repository = TufRepository(system, self.device.clock.advance, settings)
        source = RepositorySource(repository, self.product)
        domain = self.device.domain(sources=[source], hardware_id=self._hardware_id)
        self.client = Client(self.device.system, STATE, {"main": domain})
        self.client.start()
        self.client.run()
        return self.client

    def check(self) -> None:
        """Looks for a release."""
        self.client.check("main")
        self.client.run()

    def agree(self) -> None:
        """Agrees to the phase that waits."""
        self._reply(Reply.YES)

    def decline(self) -> None:
        """Declines the release that waits."""
        self._reply(Reply.NO)

    def _reply(self, reply: Reply) -> None:
        question = self.client.question()
        assert question is not None
        answer = Answer(question.release, question.root, question.phase, reply, "alice", 9)
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


class World(RepositoryDevice):
    """A device, and a repository in memory that is the `site`."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.site = TufSite(START, product=PRODUCT)
        self.site.publish()
        network = SimulatedNetwork(self.site.get)
        super().__init__(folder, network, self.site.base, self.site.first_root, **settings)

    def publish(
        self, content: bytes, entry: CatalogEntry | None = None, rules: Rollout | None = None
    ) -> str:
        """Publishes a bundle, by default for all devices, and returns its target path."""
        return publish_for_all(self.site, content, entry, rules)

    def requests(self, act: Callable[[], object]) -> list[str]:
        """Returns the names of the files that `act` requests."""
        self.site.requests.clear()
        act()
        return [each.url.removeprefix(f"{self.site.base}/") for each in self.site.requests]
