"""The repository of a simulated device: a server, and a cache of metadata that no cut has to spare.

As with python-tuf's client, nothing syncs the cache. If it is intact, the repository itself rejects a server
with older metadata; if it is lost or torn, only the device's record can.
"""

from dataclasses import dataclass
from posixpath import dirname

from software_update.client.repository import (
    Listed,
    Problem,
    RepositoryRejected,
    Versions,
    View,
)
from software_update.client.simulator.changes import SECTOR
from software_update.client.simulator.read_only import ReadOnlyFile
from software_update.client.source import OpenBundle
from software_update.client.stored_bundle import StoredBundle
from software_update.client.system import Storage
from software_update.format.catalog import CatalogEntry
from software_update.format.rollout import Band, Rollout

PRODUCT = "blinky"
# Long after the time of a simulated clock.
_FRESH_UNTIL = 4_000_000_000
_DIGITS = 8
_CACHE_BYTES = 2 * SECTOR


@dataclass(frozen=True)
class Publication:
    """The content of the server: the release with this number, digest and bundle, halted or not."""

    version: int
    number: int
    digest: str
    bundle: bytes
    halted: bool = False

    @property
    def view(self) -> View:
        """The content, verified."""
        version = self.version
        entry = CatalogEntry(
            PRODUCT, f"1.{self.number}", self.number, self.digest, len(self.bundle)
        )
        path = f"{PRODUCT}/stable/1.{self.number}.bundle"
        rules = Rollout(self.digest, (Band(100, 0),), self.halted)
        return View(
            Versions(1, version, version, version, version, version, "keys", _FRESH_UNTIL),
            (Listed(path, len(self.bundle), "", entry),),
            {self.digest: rules},
        )


def cached_version(content: bytes) -> int | None:
    """Returns the version in the content of the cache; None if it is torn."""
    first = content[:_DIGITS]
    whole = len(content) == _CACHE_BYTES and content == first * (_CACHE_BYTES // _DIGITS)
    return int(first) if whole and first.isdigit() else None


class CachedRepository:
    """See `repository.Repository`. The server has one publication; the cache is the file `path`."""

    def __init__(self, storage: Storage, path: str, publication: Publication) -> None:
        self._storage = storage
        self._path = path
        self._publication = publication

    def refresh(self, floors: Versions, at: int) -> View:
        """See `Repository.refresh`."""
        del floors, at
        known, version = self._cached(), self._publication.version
        if known is not None and version < known:
            raise RepositoryRejected(Problem.ROLLED_BACK, f"version {version} instead of {known}")
        if known != version:
            self._cache(version)
        return self._publication.view

    def find(self, path: str) -> Listed | None:
        """See `Repository.find`."""
        return next((each for each in self._publication.view.listed if each.path == path), None)

    def open(self, listed: Listed) -> OpenBundle:
        """See `Repository.open`."""
        del listed
        return StoredBundle(ReadOnlyFile(self._publication.bundle))

    def describe(self) -> str:
        """See `Repository.describe`."""
        return "the repository"

    def _cached(self) -> int | None:
        """Returns the version in the cache; None if it is lost or torn."""
        if not self._storage.exists(self._path):
            return None
        file = self._storage.open(self._path)
        content = file.read(0, _CACHE_BYTES)
        file.close()
        return cached_version(content)

    def _cache(self, version: int) -> None:
        self._storage.make_folder(dirname(self._path))
        file = self._storage.open_to_write(self._path)
        file.truncate(0)
        file.write(0, (b"%0*d" % (_DIGITS, version)) * (_CACHE_BYTES // _DIGITS))
        file.close()
