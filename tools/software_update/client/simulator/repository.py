"""A repository in memory: releases of one product and channel, rollout rules, and a clock of its own.

    repository = SimulatedRepository("lamp", now=1_800_000_000)
    release = repository.add(bundle, percent=5)
    repository.halt(release, "it blinks")

It has no metadata and no signatures; what a device checks of them is tested with real ones.
"""

from dataclasses import dataclass, field, replace

from software_update.base.errors import InputError
from software_update.bundle.head import read_head
from software_update.client.release import offered_digest
from software_update.client.repository import Listed, RepositorySource, Versions, View
from software_update.client.simulator.read_only import ReadOnlyFile
from software_update.client.source import OpenBundle, SourceError
from software_update.client.stored_bundle import StoredBundle
from software_update.format.catalog import entry_of
from software_update.format.release_manifest import parse_release
from software_update.format.rollout import Band, Rollout

LIFETIME = 24 * 3600
"""The seconds from a publication to the expiry of its timestamp."""


@dataclass
class SimulatedRepository:
    """See `repository.Repository`. Each change is a publication, which raises the versions.

    `now` is the time of the publisher in seconds since 1970. `problem` is raised by each request, if set.
    `listed` are the current bundles by target path and `archive` the older ones. `requests` lists what
    devices have asked for.
    """

    product: str
    now: int
    listed: dict[str, Listed] = field(default_factory=dict)
    archive: dict[str, Listed] = field(default_factory=dict)
    bundles: dict[str, bytes] = field(default_factory=dict)
    rollouts: dict[str, Rollout] = field(default_factory=dict)
    versions: Versions = field(default_factory=lambda: Versions(root=1))
    problem: Exception | None = None
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.publish()

    @property
    def source(self) -> RepositorySource:
        """The repository as a source of a domain."""
        return RepositorySource(self, self.product)

    # The publisher.

    def publish(self) -> None:
        """Writes a new snapshot and timestamp."""
        self.versions = replace(
            self.versions,
            timestamp=self.versions.timestamp + 1,
            snapshot=self.versions.snapshot + 1,
            fresh_until=self.now + LIFETIME,
        )

    def add(self, bundle: bytes, *, base: str = "", percent: int | None = 100) -> str:
        """Publishes a release, and rolls it out to so many percent of the devices (None: to none).

        `base` is the release digest for which a personalized bundle was made. Returns the release digest.
        Raises InputError if the bundle has no release manifest.
        """
        head = read_head(StoredBundle(ReadOnlyFile(bundle)))
        release = offered_digest(head.envelope)
        manifest = parse_release(head.user_manifest or b"")
        if manifest is None:
            raise InputError("a release in a repository needs a release manifest")
        name = f"{manifest.version}.from-{base[:8]}" if base else manifest.version
        path = f"{self.product}/stable/{name}.bundle"
        entry = entry_of(manifest, release, head.end, base)
        self.listed[path] = Listed(path, len(bundle), "", entry)
        self.bundles[path] = bundle
        if percent is not None and release not in self.rollouts:
            self.rollouts[release] = Rollout(release, (Band(percent, self.now),))
        self.publish()
        return release

    def roll_out(self, release: str, *bands: Band) -> None:
        """Replaces the bands of a release, and lets it go on if it was halted."""
        self.rollouts[release] = Rollout(release, bands)
        self.publish()

    def halt(self, release: str, reason: str = "") -> None:
        """Halts a release."""
        rules = self.rollouts.get(release, Rollout(release, ()))
        self.rollouts[release] = rules._replace(halted=True, reason=reason)
        self.publish()

    def withdraw(self, release: str) -> None:
        """Removes a release."""
        for bundles in (self.listed, self.archive):
            for path in [path for path, each in bundles.items() if each.entry.release == release]:
                del bundles[path]
        self.publish()

    def move_to_archive(self, release: str) -> None:
        """Moves a release to the older ones."""
        for path, each in list(self.listed.items()):
            if each.entry.release == release:
                self.archive[path] = self.listed.pop(path)
        self.publish()

    # client.repository.Repository

    def refresh(self, floors: Versions, at: int) -> View:
        """See `Repository.refresh`. It leaves versions and expiry to the client, which checks them again."""
        self._request("refresh")
        return View(self.versions, tuple(self.listed.values()), dict(self.rollouts))

    def find(self, path: str) -> Listed | None:
        """See `Repository.find`."""
        self._request(f"find {path}")
        return self.archive.get(path)

    def open(self, listed: Listed) -> OpenBundle:
        """See `Repository.open`."""
        self._request(f"open {listed.path}")
        if listed.path not in self.bundles:
            raise SourceError(f"{listed.path}: the server has no such file")
        return StoredBundle(ReadOnlyFile(self.bundles[listed.path]))

    def describe(self) -> str:
        """See `Repository.describe`."""
        return "the repository"

    def _request(self, what: str) -> None:
        self.requests.append(what)
        if self.problem is not None:
            raise self.problem
