"""python-tuf's client with this project's network and clock. The only module that imports `tuf.ngclient`.

It takes long to import and needs memory, so import it only for a check.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadHTTPError,
    ExpiredMetadataError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import DelegatedRole, Metadata, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from software_update.base.errors import InputError
from software_update.client.repository import Problem
from software_update.client.sources.headers import coding
from software_update.client.sources.pace import Pace, TooSlow
from software_update.client.sources.requests import Requests
from software_update.client.system import Response
from software_update.format import catalog

if TYPE_CHECKING:
    from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet

# The answer that there is no newer root ends each check, and its body is read so that the connection stays.
_MAX_ERROR_BYTES = 8192
# ngclient takes these for the end of the chain of roots.
_MISSING = frozenset((403, 404))


class Fetcher(FetcherInterface):
    """Fetches files for ngclient. `requests` returns the requests to a URL, and `pace` is that of them all.

    It raises SourceError, RepositoryRejected, and DownloadHTTPError for a file that the server lacks.
    """

    def __init__(self, requests: Callable[[str], Requests], pace: Pace) -> None:
        self._requests = requests
        self._pace = pace
        # The file that was fetched last, to tell the reason if it is rejected.
        self.last = b""

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Returns a file of at most `max_length` bytes. It is in memory until it has been verified."""
        self.last = b"".join(self._limited(url, max_length))
        return self.last

    @contextlib.contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """Yields a temporary file with the content of a file of at most `max_length` bytes."""
        with tempfile.TemporaryFile() as file:
            for chunk in self._limited(url, max_length):
                file.write(chunk)
            file.seek(0)
            yield file

    def _limited(self, url: str, most: int) -> Iterator[bytes]:
        received = 0
        for chunk in self._fetch(url):
            received += len(chunk)
            if received > most:
                raise self._requests(url).rejected(
                    Problem.TOO_LARGE, f"the server sends more than {most} bytes"
                )
            yield chunk

    def _fetch(self, url: str) -> Iterator[bytes]:
        requests = self._requests(url)
        response = requests.get({})
        try:
            if response.status in _MISSING:
                self._end(response)
                raise DownloadHTTPError(str(requests.failure(response)), response.status)
            if response.status != 200:
                raise requests.failure(response)
            if coding(response.headers):
                raise requests.error(
                    "the server sends metadata compressed; it must send it as it is"
                )
            while chunk := self._read(requests, response):
                yield chunk
        finally:
            response.close()

    def _read(self, requests: Requests, response: Response) -> bytes:
        try:
            return self._pace.read(response.read, _CHUNK_BYTES)
        except TooSlow as error:
            raise requests.rejected(Problem.TOO_SLOW, str(error)) from None
        except OSError as error:
            raise requests.error(error) from None

    def _end(self, response: Response) -> None:
        """Reads a short body to its end."""
        left = _MAX_ERROR_BYTES
        with contextlib.suppress(OSError):
            while left > 0 and (chunk := self._pace.read(response.read, left)):
                left -= len(chunk)


_CHUNK_BYTES = 65_536


class TufClient:
    """A verified state of a repository, which `refresh` fetches.

    `folder` is the cache, and `root` the trusted root, None for the one in the cache. `at` is the time in
    seconds since 1970 that all expiries are compared with. Raises OSError if the cache cannot be used,
    RepositoryError for a bad root, and InputError for an unknown version of tuf.
    """

    def __init__(
        self,
        folder: str,
        metadata_url: str,
        fetcher: Fetcher,
        root: bytes | None,
        at: int,
        *,
        target_url: str | None = None,
        target_folder: str | None = None,
    ) -> None:
        config = UpdaterConfig(
            root_max_length=catalog.MAX_ROOT_BYTES,
            timestamp_max_length=catalog.MAX_TIMESTAMP_BYTES,
            snapshot_max_length=catalog.MAX_SNAPSHOT_BYTES,
            targets_max_length=catalog.MAX_TARGETS_BYTES,
        )
        self.updater = Updater(
            folder, metadata_url, target_folder, target_url, fetcher, config, bootstrap=root
        )
        self._fetcher = fetcher
        self._trusted = _with_clock(self.updater, at)

    def refresh(self) -> None:
        """Fetches and verifies the top-level roles. Raises as `problem_of` expects."""
        self.updater.refresh()

    def find(self, path: str, roles: int) -> TargetFile | None:
        """Returns a target after visiting at most so many roles, the top-level one included."""
        # ngclient visits one role more than it calls the number of delegations.
        self.updater.config.max_delegations = roles - 1
        return self.updater.get_targetinfo(path)

    def fetch(self, url: str, target: TargetFile) -> bytes:
        """Returns a target's content, which is in memory. Raises as `problem_of` expects."""
        content = self._fetcher.download_bytes(url, target.length)
        target.verify_length_and_hashes(content)
        return content

    def role(self, name: str) -> Targets | None:
        """Returns a role that `find` has visited."""
        role = self._trusted.get(name)
        return role if isinstance(role, Targets) else None

    def delegation(self, name: str) -> DelegatedRole | None:
        """Returns the delegation of the top-level role to this one; None if there is none."""
        delegations = self.targets.delegations
        return delegations.roles.get(name) if delegations and delegations.roles else None

    @property
    def root(self) -> Root:
        """The newest root."""
        return self._trusted.root

    @property
    def timestamp(self) -> Timestamp:
        """The timestamp, after `refresh`."""
        return self._trusted.timestamp

    @property
    def targets(self) -> Targets:
        """The top-level targets role, after `refresh`."""
        return self._trusted.targets

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot, after `refresh`."""
        return self._trusted.snapshot

    def problem_of(self, error: RepositoryError) -> Problem:
        """Returns the name of the reason why the repository is rejected."""
        match error:
            case ExpiredMetadataError():
                return Problem.EXPIRED
            case UnsignedMetadataError():
                return Problem.UNSIGNED
            case DeserializationError():
                return Problem.MALFORMED
            case BadVersionNumberError() if self._is_rollback():
                return Problem.ROLLED_BACK
        return Problem.INCONSISTENT

    def _is_rollback(self) -> bool:
        """Returns whether a bad version is that of an older role, or one that another role contradicts."""
        served = Metadata[Any].from_bytes(self._fetcher.last).signed
        if isinstance(served, Snapshot):
            # The versions of the roles that it lists are lower than before.
            return self.timestamp.snapshot_meta.version == served.version
        return isinstance(served, Timestamp)


def _with_clock(updater: Updater, at: int) -> "TrustedMetadataSet":
    """Sets the time of an updater, which has no argument for it, and returns its set of verified roles.

    Only this function knows that set. The constructor of the updater compares no expiry.
    """
    trusted: TrustedMetadataSet | None = getattr(updater, "_trusted_set", None)
    if trusted is None or not isinstance(getattr(trusted, "reference_time", None), datetime):
        raise InputError(
            "this version of tuf keeps its time elsewhere, so a wrong clock would decide about expiries; "
            "install tuf 7"
        )
    trusted.reference_time = datetime.fromtimestamp(at, UTC)
    return trusted
