"""A repository in a folder with its keys, and bundles to publish in it, made in this process.

    repository = RepositoryFolder(tmp_path, now=NOW)        # metadata/ and targets/ below repository.path
    repository.add(*releases(3))                            # 1.1, 1.2 and 1.3 in the channel stable
    repository.rollout("1.3", (5, NOW), (100, NOW + DAY))
    repository.halt("1.3", "it blinks")
    repository.withdraw("1.2")
    repository.add(Release("2.0", 20, minimum=3), channel="beta")

`repository.root` is the root.json that a client trusts for the repository, and `repository.product_root`
the root that it trusts for bundles. `repository.options(...)` are arguments for the command line.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from software_update.format.rollout import Band
from software_update.repository.add import Addition, NewBundle, add_bundles
from software_update.repository.attach import Attached, Attachment, attach
from software_update.repository.bundle_file import describe
from software_update.repository.create import RoleKeys, build_root, create_repository, sign_root
from software_update.repository.current import Current, read_current
from software_update.repository.names import Kind, Lifetimes
from software_update.repository.publication import Published, Publisher, refresh
from software_update.repository.rules import Changed, Wish, change_rules
from software_update.repository.storage import TIMESTAMP, Storage
from software_update.repository.storages.folder import FolderStorage
from software_update.repository.withdraw import Withdrawn, withdraw
from software_update.signing.signers import FileSigner
from software_update.testing import encode as e
from software_update.testing.memory_objects import MemoryObjects
from software_update.testing.signers import signer, write_keys
from software_update.verify.device import Device
from software_update.verify.trust_files import read_trusted_root

DAY = 24 * 60 * 60
# 2027-01-15T08:00:00Z
NOW = 1_800_000_000
PRODUCT, CHANNEL = "meter", "stable"
KINDS = ("root", "targets", "snapshot", "rollout")


@dataclass(frozen=True)
class Release:
    """A release to publish. `contents` are its payloads by target name; default: one small payload.

    `more` are further members of the release manifest.
    """

    version: str
    counter: int
    contents: Mapping[str, bytes] = field(default_factory=dict)
    minimum: int | None = None
    product: str = PRODUCT
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def manifest(self) -> bytes:
        """The release manifest."""
        members: dict[str, Any] = {
            "schema": "software_update.release.v1",
            "product": self.product,
            "version": self.version,
            "release_counter": self.counter,
            **self.more,
        }
        if self.minimum is not None:
            members["minimum_release_counter"] = self.minimum
        return json.dumps(members).encode()

    def _all_contents(self) -> dict[str, bytes]:
        contents = dict(self.contents) or {"app": f"application {self.version}\n".encode()}
        return {**contents, "user_manifest": self.manifest}

    @property
    def bundle(self) -> bytes:
        """The bundle, signed by the keys of `encode`."""
        return e.bundle(self._all_contents(), version=self.counter)

    @property
    def digest(self) -> str:
        """The release digest."""
        return e.sha256(e.targets(self._all_contents(), self.counter)).hex()


def releases(count: int, first: int = 1) -> list[Release]:
    """Returns releases 1.FIRST, ... with the counters FIRST, ..."""
    return [Release(f"1.{counter}", counter) for counter in range(first, first + count)]


@functools.cache
def _signer(kind: str) -> FileSigner:
    return FileSigner(kind, signer(e.Key.named(f"repository {kind}").scalar))


@functools.cache
def _new_repository(now: int, lifetimes: Lifetimes) -> tuple[bytes, dict[str, bytes]]:
    """Returns the root and the objects of an empty repository."""
    signers = {Kind(kind): [_signer(kind)] for kind in KINDS}
    public = {kind: RoleKeys([(kind, each[0].public)]) for kind, each in signers.items()}
    root = sign_root(build_root(public, now + lifetimes.root), signers[Kind.ROOT])
    objects = MemoryObjects()
    publisher = Publisher(objects, signers, now, lifetimes)
    create_repository(publisher, root, "root.json", public[Kind.ROLLOUT].keys)
    return root, objects.objects


class RepositoryFolder:
    """A repository below `path`, and all that its publisher has below `folder`."""

    def __init__(
        self,
        folder: Path,
        *,
        now: int = NOW,
        storage: Storage | None = None,
        lifetimes: Lifetimes | None = None,
    ) -> None:
        """Makes the repository at the time `now`. `storage` is the place; default: the folder `path`."""
        self.folder = folder
        self.path = folder / "my repository"
        self.root = folder / "repository.root.json"
        self.product_root = folder / "product.root.pb"
        self.now = now
        self.lifetimes = lifetimes or Lifetimes()
        keys = folder / "keys"
        for each in (folder, self.path, keys):
            each.mkdir(exist_ok=True)
        write_keys(keys, **{kind: e.Key.named(f"repository {kind}").scalar for kind in KINDS})
        self.signers: dict[Kind, list[FileSigner]] = {Kind(kind): [_signer(kind)] for kind in KINDS}
        self.product_root.write_bytes(e.signed(e.root(), e.ROOT_KEY))
        self.device = Device(read_trusted_root(str(self.product_root)))
        self.storage: Storage = storage or FolderStorage(str(self.path))
        root, objects = _new_repository(now, self.lifetimes)
        self.root.write_bytes(root)
        for name, content in objects.items():
            if storage is None:
                path = self.path / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)
            elif name == TIMESTAMP:
                storage.replace(name, content, None)
            else:
                storage.put_new(name, content)

    def key(self, kind: str) -> Path:
        """The private key file of root, targets, snapshot or rollout; its public key has .pub after it."""
        return self.folder / f"keys/{kind}.pem"

    def publisher(self) -> Publisher:
        """The storage and all signers, at the time `now`, which tests may move."""
        return Publisher(self.storage, self.signers, self.now, self.lifetimes)

    def current(self) -> Current:
        """The repository as it is now."""
        return read_current(self.storage, self.root.read_bytes(), str(self.root))

    def bundle_file(self, release: Release) -> Path:
        """Writes the bundle of a release, and returns its path."""
        path = self.folder / f"{release.product}-{release.version}.bundle"
        path.write_bytes(release.bundle)
        return path

    def add(
        self,
        *new: Release,
        channel: str = CHANNEL,
        kept: int = 12,
        attachments: Mapping[str, bytes] | None = None,
        fleet: bool = True,
    ) -> Addition:
        """Publishes releases in one publication."""
        paths = map(self.bundle_file, new)
        return self.add_files(
            *paths, channel=channel, kept=kept, attachments=attachments, fleet=fleet
        )

    def add_files(
        self,
        *paths: Path,
        channel: str = CHANNEL,
        kept: int = 12,
        attachments: Mapping[str, bytes] | None = None,
        fleet: bool = True,
        base: str | None = None,
    ) -> Addition:
        """As `add`, with bundle files. `base` is the version that devices of a personalized bundle run."""
        files = [path.open("rb") for path in paths]
        try:
            attached = [Attachment(*each) for each in (attachments or {}).items()]
            bundles = [
                NewBundle(describe(each.name, each.fileno(), self.device), base, attached)
                for each in files
            ]
            with self.storage.publishing():
                return add_bundles(
                    self.publisher(), self.current(), channel, bundles, kept, fleet=fleet
                )
        finally:
            for each in files:
                each.close()

    def attach(
        self, version: str, files: Mapping[str, bytes], *, replace: bool = False
    ) -> Attached:
        """Attaches files to a published release."""
        attachments = [Attachment(*each) for each in files.items()]
        with self.storage.publishing():
            return attach(
                self.publisher(),
                self.current(),
                PRODUCT,
                CHANNEL,
                version,
                attachments,
                replace=replace,
            )

    def rollout(self, version: str, *bands: tuple[int, int], channel: str = CHANNEL) -> Changed:
        """Sets the bands of a release: percent, and the time from which it holds."""
        return self.change_rules(
            version, Wish(tuple(Band(*each) for each in bands)), channel=channel
        )

    def halt(self, version: str, reason: str = "it blinks", *, channel: str = CHANNEL) -> Changed:
        """Halts a release."""
        return self.change_rules(version, Wish(halt=reason), channel=channel)

    def change_rules(self, version: str, wish: Wish, *, channel: str = CHANNEL) -> Changed:
        """Changes the rollout rules of a release."""
        with self.storage.publishing():
            return change_rules(self.publisher(), self.current(), PRODUCT, channel, version, wish)

    def withdraw(self, version: str, *, channel: str = CHANNEL) -> Withdrawn:
        """Withdraws a release."""
        with self.storage.publishing():
            return withdraw(self.publisher(), self.current(), PRODUCT, channel, version)

    def refresh(self) -> Published:
        """Signs a new timestamp."""
        with self.storage.publishing():
            return refresh(self.publisher(), self.current())

    def options(self, *kinds: str) -> list[str]:
        """Arguments for a command: the trusted root, and the keys of these kinds."""
        keys = [argument for kind in kinds for argument in (f"--{kind}-key", str(self.key(kind)))]
        return ["--repository-root", str(self.root), *keys]
