"""Reads a repository: each role is verified from the root that the user trusts, and read when it is needed.

    current = read_current(storage, read_trusted_root("root.json"))
    entries = current.role("channel.meter.stable").targets

It compares no expiry: a publisher must be able to renew what has expired.
"""

from collections.abc import Callable
from typing import Any, BinaryIO, Protocol, TypeVar

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from software_update.base import files
from software_update.base.errors import Advice, InputError
from software_update.repository.names import (
    ROOT,
    SNAPSHOT,
    TARGETS,
    TIMESTAMP,
    delegator_of,
    metadata_name,
    most_bytes,
)
from software_update.repository.storage import Object

_T = TypeVar("_T")
_TYPES = {ROOT: Root, SNAPSHOT: Snapshot, TIMESTAMP: Timestamp}


class Readable(Protocol):
    """The part of a storage that reading needs; a web server has it, too."""

    def describe(self) -> str: ...
    def read(self, name: str, most: int) -> Object | None: ...
    def open(self, name: str) -> BinaryIO: ...


class Current:
    """The verified content of a repository at one moment.

    `tag` is that of the timestamp object. `timestamp` and `tag` are None if the repository is yet empty.
    `before` is the same content under the root before this one, whose keys signed the roles.
    """

    def __init__(
        self,
        storage: Readable,
        root: Any,
        timestamp: Any,
        tag: str | None,
        before: "Current | None" = None,
    ) -> None:
        self.storage = storage
        self.root = root
        self.timestamp = timestamp
        self.tag = tag
        self.before = before
        self._roles: dict[str, Any] = {}

    @property
    def snapshot(self) -> Any:
        """The snapshot."""
        if self.before is not None:
            return self.before.snapshot
        if SNAPSHOT not in self._roles:
            meta = self.timestamp.snapshot_meta
            self._roles[SNAPSHOT] = self._read(SNAPSHOT, meta, self.root)
        return self._roles[SNAPSHOT]

    @property
    def snapshot_meta(self) -> dict[str, Any]:
        """The files that the snapshot lists."""
        return {} if self.timestamp is None else dict(self.snapshot.meta)

    @property
    def snapshot_version(self) -> int:
        """The version of the snapshot; 0 if there is none."""
        return 0 if self.timestamp is None else int(self.timestamp.snapshot_meta.version)

    @property
    def timestamp_version(self) -> int:
        """The version of the timestamp; 0 if there is none."""
        return 0 if self.timestamp is None else int(self.timestamp.version)

    @property
    def targets(self) -> Any:
        """The top-level targets role."""
        return self.role(TARGETS)

    def has(self, role: str) -> bool:
        """Says whether the repository has a role."""
        return f"{role}.json" in self.snapshot_meta

    def role_names(self) -> list[str]:
        """Returns the names of all roles that list targets or delegate."""
        return [name.removesuffix(".json") for name in self.snapshot_meta]

    def role(self, name: str) -> Any:
        """Returns a role that lists targets or delegates."""
        if self.before is not None:
            return self.before.role(name)
        if name not in self._roles:
            meta = self.snapshot_meta.get(f"{name}.json")
            if meta is None:
                raise InputError(
                    f"{self.storage.describe()}: has no role {name}", Advice.LIST_RELEASES
                )
            self._roles[name] = self._read(name, meta, self.delegator(name))
        return self._roles[name]

    def delegator(self, name: str) -> Any:
        """Returns the role that lists the keys of a role."""
        above = delegator_of(name)
        return self.root if above == ROOT else self.role(above)

    def _read(self, name: str, meta: Any, delegator: Any) -> Any:
        place = metadata_name(name, meta.version)
        found = self.storage.read(place, most_bytes(name))
        where = f"{self.storage.describe()}: {place}"
        if found is None:
            raise InputError(f"{where}: is missing; restore it from a copy of the repository")

        def check() -> Any:
            meta.verify_length_and_hashes(found.content)
            signed = verified(found.content, name, delegator)
            if signed.version != meta.version:
                raise RepositoryError(f"it has version {signed.version}")
            return signed

        return _checked(where, check)


def verified(content: bytes, role: str, delegator: Any) -> Any:
    """Returns the signed part of a role. Raises RepositoryError or ValueError if it is not good."""
    metadata = Metadata.from_bytes(content)
    if not isinstance(metadata.signed, _TYPES.get(role, Targets)):
        raise RepositoryError(f"it is {metadata.signed.type} metadata")
    delegator.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    return metadata.signed


def read_current(storage: Readable, trusted: bytes, path: str, below: int | None = None) -> Current:
    """Reads root and timestamp. `trusted` is the root file that the user trusts, and `path` names it.

    `below` is the version of a root that is not read, because it is not published in full yet.

    Raises InputError if the storage has no repository, or one that this root does not lead to.
    """
    root = newest_root(storage, trusted, path, below)
    found = storage.read(metadata_name(TIMESTAMP, 0), most_bytes(TIMESTAMP))
    if found is None:
        raise InputError(
            f"{storage.describe()}: is not a repository, because it has no {metadata_name(TIMESTAMP, 0)}",
            Advice.MAKE_REPOSITORY,
        )
    where = f"{storage.describe()}: {metadata_name(TIMESTAMP, 0)}"
    timestamp = _checked(where, lambda: verified(found.content, TIMESTAMP, root))
    return Current(storage, root, timestamp, found.tag)


def newest_root(storage: Readable, trusted: bytes, path: str, below: int | None = None) -> Any:
    """Returns the newest root that the trusted one leads to, version by version, before version `below`."""
    root = parse_root(trusted, path)
    while root.version + 1 != below and (
        found := storage.read(metadata_name(ROOT, root.version + 1), most_bytes(ROOT))
    ):
        where = f"{storage.describe()}: {metadata_name(ROOT, root.version + 1)}"
        root = _checked(where, lambda: next_root(found.content, root))  # noqa: B023
    return root


def parse_root(content: bytes, path: str) -> Any:
    """Returns a root that signs itself. Raises InputError, which names `path`, for anything else."""

    def check() -> Any:
        root = Metadata.from_bytes(content).signed
        if not isinstance(root, Root):
            raise RepositoryError(f"it is {root.type} metadata")
        return verified(content, ROOT, root)

    return _checked(path, check, "name the root.json of the repository")


def next_root(content: bytes, before: Any) -> Any:
    """Returns the root after `before`, which the keys of both have signed."""
    root = verified(content, ROOT, before)
    if root.version != before.version + 1:
        raise RepositoryError(f"it has version {root.version}")
    return verified(content, ROOT, root)


def read_trusted_root(path: str) -> bytes:
    """Reads the root file that the user trusts."""
    return files.read_input(path, most_bytes(ROOT))


def _checked(where: str, check: Callable[[], _T], remedy: str = "") -> _T:
    try:
        return check()
    except (RepositoryError, ValueError, KeyError, TypeError) as error:
        text = " ".join(str(error).split()) or type(error).__name__
        remedy = (
            remedy
            or "another publisher has written it, or the trusted root is that of another repository"
        )
        raise InputError(f"{where}: is not valid ({text}); {remedy}") from None
