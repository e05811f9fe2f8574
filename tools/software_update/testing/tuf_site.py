"""A TUF repository for tests, made directly with python-tuf's `tuf.api`, and the server that serves it.

    site = TufSite()
    site.add_bundle(bundle, counter=7)
    site.publish()
    network = SimulatedNetwork(site.get)

It has the layout of this project's repositories, and publishes all that a test asks for, also what a
publisher would not.
"""

import hashlib
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

from software_update.bundle.head import read_head
from software_update.client.simulator.read_only import ReadOnlyFile
from software_update.client.system import Response
from software_update.format.catalog import (
    CatalogEntry,
    build_entry,
    bundle_folder,
    channel_role,
    rollout_path,
    rollout_role,
)
from software_update.format.rollout import Rollout, build_rollouts

BASE = "http://updates.example/repository"
# 2026-11-29T00:00:00Z
START = 1_795_910_400
DAY = 86_400
BINS = 5
_ARCHIVE = "archive"
_DELEGATED_FOLDER = "*/*/*"


@dataclass
class Sent:
    """A request that the site has answered: the URL, the headers, and the bytes of the answer's body."""

    url: str
    headers: dict[str, str]
    status: int
    body: int


class Answer(Response):
    """An answer with a body in memory."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self._body = io.BytesIO(body)

    def read(self, length: int) -> bytes:
        """See `Response.read`."""
        return self._body.read(length)

    def close(self) -> None:
        """See `Response.close`."""


@dataclass
class TufFiles:
    """A repository with the top-level roles, and its server.

    `objects` are its files by name. `signers` have the keys of each role, which tests replace. `change` gets
    the name of a file and its answer. `at` is the time from which the lifetimes of roles count.
    """

    at: int = START
    signers: dict[str, list[CryptoSigner]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    requests: list[Sent] = field(default_factory=list)
    change: Callable[[str, Response], Response] = lambda _, answer: answer
    base: str = BASE

    def __post_init__(self) -> None:
        online = [new_key()]
        for name, keys in {
            "root": [new_key()],
            "targets": [new_key()],
            "snapshot": online,
            "timestamp": online,
        }.items():
            self.signers.setdefault(name, keys)
        self.root = _unpublished(Root(expires=self.after(365), consistent_snapshot=True))
        self.timestamp = _unpublished(Timestamp(expires=self.after(1)))
        self.snapshot = _unpublished(Snapshot(expires=self.after(7)))
        self.roles: dict[str, Targets] = {"targets": self.new_role()}
        self.publish_root()

    def after(self, days: float) -> datetime:
        """Returns the time so many days after `at`."""
        return datetime.fromtimestamp(self.at, UTC) + timedelta(days=days)

    def new_role(self) -> Targets:
        """Returns a targets role without content."""
        return _unpublished(Targets(expires=self.after(90)))

    def delegate(
        self,
        name: str,
        paths: Sequence[str],
        *,
        parent: str = "targets",
        terminating: bool = False,
        signers: Sequence[CryptoSigner] = (),
        threshold: int = 1,
    ) -> Targets:
        """Adds a delegation to a role, which is new or known, and returns the role."""
        keys = list(signers or self.signers.get(name) or [new_key()])
        self.signers[name] = keys
        above = self.roles[parent]
        if above.delegations is None:
            above.delegations = Delegations({}, {})
        assert above.delegations.roles is not None
        above.delegations.keys.update({each.public_key.keyid: each.public_key for each in keys})
        ids = [each.public_key.keyid for each in keys]
        above.delegations.roles[name] = DelegatedRole(
            name, ids, threshold, terminating, paths=list(paths)
        )
        return self.roles.setdefault(name, self.new_role())

    def target(self, path: str, content: bytes, custom: object = None) -> TargetFile:
        """Writes a target file, and returns its entry."""
        digest = hashlib.sha256(content).hexdigest()
        folder, slash, name = path.rpartition("/")
        self.objects[f"targets/{folder}{slash}{digest}.{name}"] = content
        unrecognized = {} if custom is None else {"custom": custom}
        return TargetFile(len(content), {"sha256": digest}, path, unrecognized)

    # Publishing.

    def publish(self, *roles: str) -> None:
        """Publishes these roles in new versions, and those that are new, then snapshot and timestamp."""
        for name, role in self.roles.items():
            if name in roles or role.version == 0:
                self.publish_role(name)
        self.publish_snapshot()
        self.publish_timestamp()

    def publish_root(self, *more: CryptoSigner) -> None:
        """Publishes a new version of the root, which the keys in `more` sign, too."""
        self.root.version += 1
        for name in ("root", "timestamp", "snapshot", "targets"):
            self.root.roles[name].keyids = []
            for each in self.signers[name]:
                self.root.add_key(each.public_key, name)
        used = {each for role in self.root.roles.values() for each in role.keyids}
        self.root.keys = {name: key for name, key in self.root.keys.items() if name in used}
        content = signed(self.root, *self.signers["root"], *more)
        self.objects[f"metadata/{self.root.version}.root.json"] = content

    def _signers_of(self, name: str) -> list[CryptoSigner]:
        return self.signers["targets" if name.startswith(f"{_ARCHIVE}") else name]

    def publish_role(self, name: str, *, content: bytes | None = None) -> bytes:
        """Publishes a new version of a targets role, or other bytes in its place."""
        role = self.roles[name]
        role.version += 1
        content = content or signed(role, *self._signers_of(name))
        self.objects[f"metadata/{role.version}.{name}.json"] = content
        described = MetaFile.from_data(role.version, content, ["sha256"])
        if name.startswith(f"{_ARCHIVE}-"):
            described = MetaFile(role.version)
        self.snapshot.meta[f"{name}.json"] = described
        return content

    def publish_snapshot(self) -> None:
        """Publishes a new version of the snapshot."""
        self.snapshot.version += 1
        self.snapshot.expires = self.after(7)
        content = signed(self.snapshot, *self.signers["snapshot"])
        self.objects[f"metadata/{self.snapshot.version}.snapshot.json"] = content

    def publish_timestamp(self) -> None:
        """Publishes a new version of the timestamp, for the snapshot as it is."""
        self.timestamp.version += 1
        self.timestamp.expires = self.after(1)
        self.timestamp.snapshot_meta = MetaFile(self.snapshot.version)
        self.objects["metadata/timestamp.json"] = signed(self.timestamp, *self.signers["timestamp"])

    @property
    def first_root(self) -> bytes:
        """The root that comes with the image."""
        return self.objects["metadata/1.root.json"]

    # Serving.

    def get(self, url: str, headers: Mapping[str, str]) -> Response:
        """Answers a request, as `SimulatedNetwork.server` does."""
        name = url.removeprefix(f"{self.base}/")
        answer = self.change(name, self._answer(self.objects.get(name), headers.get("Range")))
        size = int(answer.headers.get("content-length", "0"))
        self.requests.append(Sent(url, dict(headers), answer.status, size))
        return answer

    def _answer(self, content: bytes | None, wanted: str | None) -> Response:
        if content is None:
            return answer_of(404, b"not found")
        if wanted is None:
            return answer_of(200, content)
        found = re.fullmatch(r"bytes=([0-9]+)-([0-9]+)", wanted)
        assert found is not None
        first, last = int(found[1]), min(int(found[2]), len(content) - 1)
        place = {"content-range": f"bytes {first}-{last}/{len(content)}", "etag": '"one"'}
        return answer_of(206, content[first : last + 1], place)


@dataclass
class TufSite(TufFiles):
    """A repository of this project, for one product and channel."""

    product: str = "Lamp"
    channel: str = "stable"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.channel_role = channel_role(self.product, self.channel)
        self.rollout_role = rollout_role(self.product, self.channel)
        self.folder = bundle_folder(self.product, self.channel)
        self.rollout_path = rollout_path(self.product, self.channel)
        self.delegate(self.rollout_role, [self.rollout_path], terminating=True)
        self.delegate(self.channel_role, [f"{self.folder}*"], signers=self.signers["targets"])

    # Content.

    def add_bundle(self, content: bytes, entry: CatalogEntry | None = None, name: str = "") -> str:
        """Adds a bundle to the channel, and returns its target path. `entry` describes it."""
        entry = entry or self.entry(7, content)
        path = f"{self.folder}{name or entry.version}.bundle"
        self.roles[self.channel_role].targets[path] = self.target(path, content, build_entry(entry))
        return path

    def entry(self, counter: int, content: bytes = b"", **fields: Any) -> CatalogEntry:
        """Returns the entry of a release that is a number only, or that of a real bundle."""
        first_part = read_head(ReadOnlyFile(content)).end if content else 1000
        known = {
            "product": self.product,
            "version": f"1.{counter}.0",
            "counter": counter,
            "release": f"{counter:064x}",
            "first_part": first_part,
            "hardware_ids": ("lamp-2",),
            "kind": "feature",
        }
        return CatalogEntry(**{**known, **fields})

    def set_rollouts(self, *rollouts: Rollout) -> None:
        """Sets the rollout rules."""
        content = build_rollouts(rollouts)
        target = self.target(self.rollout_path, repr(content).encode(), content)
        self.roles[self.rollout_role].targets = {self.rollout_path: target}

    def add_archive(self, entries: Mapping[str, TargetFile]) -> list[str]:
        """Adds the archive with its bins, and returns their names."""
        delegations = self.roles["targets"].delegations
        assert delegations is not None
        assert delegations.roles is not None
        (key, *_) = self.signers["targets"]
        delegations.roles[_ARCHIVE] = DelegatedRole(
            _ARCHIVE, [key.public_key.keyid], 1, False, paths=[_DELEGATED_FOLDER]
        )
        bins = SuccinctRoles([key.public_key.keyid], 1, BINS, _ARCHIVE)
        archive = self.new_role()
        archive.delegations = Delegations(
            {key.public_key.keyid: key.public_key}, None, succinct_roles=bins
        )
        self.roles[_ARCHIVE] = archive
        names = list(bins.get_roles())
        for name in names:
            self.roles[name] = _unpublished(Targets(expires=self.after(90)))
        for path, target in entries.items():
            self.roles[bins.get_role_for_target(path)].targets[path] = target
        return names


def answer_of(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """Returns an answer with this body."""
    return Answer(status, {"content-length": str(len(body)), **(headers or {})}, body)


_Role = TypeVar("_Role", bound=Signed)


def _unpublished(role: _Role) -> _Role:
    role.version = 0
    return role


def new_key() -> CryptoSigner:
    """Returns a new key of the scheme that this project's repositories use."""
    return CryptoSigner.generate_ecdsa()


def signed(role: Signed, *signers: CryptoSigner) -> bytes:
    """Returns a role's metadata with signatures, as compact JSON."""
    metadata: Metadata[Any] = Metadata(role)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes(JSONSerializer(compact=True))
