"""A TUF repository on a web server, as the client's source of releases.

    repository = TufRepository(machine(), time.sleep, settings)
    view = repository.refresh(state.repository, now)
    bundle = repository.open(view.listed[0])

python-tuf's client verifies the metadata, and keeps it in a folder that any cut may lose or tear: that only
costs requests. Lower versions than the caller has recorded are rejected here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from software_update.base.errors import printable
from software_update.client.repository import Listed, Problem, RepositoryRejected, Versions, View
from software_update.client.shell.tuf_view import Content, is_bundle
from software_update.client.source import OpenBundle, SourceError
from software_update.client.sources.address import Address
from software_update.client.sources.http import HttpSource, Known
from software_update.client.sources.requests import HttpSettings, Requests
from software_update.client.sources.resuming import ResumingSource
from software_update.client.system import System
from software_update.format import catalog

if TYPE_CHECKING:
    from software_update.client.shell.tuf_client import TufClient

# Roles that a client visits for its channel or rollout, and for an older release in the archive.
_CHANNEL_ROLES = 2
_ARCHIVE_ROLES = 4
_FAULTS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)
_MAX_TEXT = 300
_T = TypeVar("_T")
_SENTENCES = {
    Problem.EXPIRED: (
        "a role has expired: the repository is not refreshed, or the server withholds newer metadata"
    ),
    Problem.ROLLED_BACK: "the server has older metadata than this device has seen",
    Problem.INCONSISTENT: "the roles on the server do not fit together",
    Problem.UNSIGNED: "a role lacks signatures of the keys that count",
    Problem.MALFORMED: "a role cannot be read",
}


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """The settings of a repository.

    `http.url` is its base: metadata is below `metadata/`, and bundles below `targets/`. `root` is the
    repository's root metadata that came with the image. `cache` is a folder for this repository only.
    """

    http: HttpSettings
    root: bytes
    product: str
    channel: str
    cache: str


class TufRepository:
    """See `repository.Repository`. `sleep` waits for seconds. Raises ValueError for bad settings."""

    def __init__(
        self, system: System, sleep: Callable[[float], None], settings: RepositorySettings
    ) -> None:
        problem = catalog.channel_problem(settings.channel)
        if problem:
            raise ValueError(f"channel {problem}")
        if "?" in settings.http.url or "#" in settings.http.url:
            raise ValueError("url must not have a query or a fragment")
        Requests(system, settings.http)
        self._system = system
        self._sleep = sleep
        self._settings = settings
        self._base = settings.http.url.rstrip("/")
        self._place = Address.parse(self._base).shown
        self._content = Content(self._place, settings.product, settings.channel)
        self._client: TufClient | None = None
        self._listed: Mapping[str, Listed] = {}

    def describe(self) -> str:
        """See `Repository.describe`."""
        return self._place

    def refresh(self, floors: Versions, at: int) -> View:
        """See `Repository.refresh`."""
        try:
            view = self._refresh(floors, at)
        except SourceError:
            raise
        except OSError:
            # A cut has left something in the cache that tuf cannot even replace, such as a folder.
            view = self._refresh_without_cache(floors, at)
        self._listed = {each.path: each for each in view.listed}
        return view

    def _refresh_without_cache(self, floors: Versions, at: int) -> View:
        cache = self._settings.cache
        try:
            self._system.storage.remove(cache)
            return self._refresh(floors, at)
        except SourceError:
            raise
        except OSError as error:
            raise SourceError(f"{cache}: {error.strerror or error}") from None

    def _refresh(self, floors: Versions, at: int) -> View:
        """Refreshes with the cache as it is. Raises also OSError, if that is the reason."""
        self._client = None
        self._listed = {}
        client = self._new_client(at)

        def load() -> None:
            client.refresh()
            client.find(self._content.rollout_path, _CHANNEL_ROLES)
            client.find(f"{self._content.folder}any", _CHANNEL_ROLES)

        self._verified(client, load)
        view = self._verified(client, lambda: self._content.view(client))
        self._check_floors(floors, view.versions)
        self._client = client
        return view

    def find(self, path: str) -> Listed | None:
        """See `Repository.find`."""
        if path in self._listed:
            return self._listed[path]
        client = self._client
        if client is None:
            raise SourceError(f"{self._place}: has not been refreshed; check again")
        if not path.startswith(self._content.folder):
            return None
        try:
            target = self._verified(client, lambda: client.find(path, _ARCHIVE_ROLES))
        except SourceError:
            raise
        except OSError as error:
            raise SourceError(f"{self._settings.cache}: {error.strerror or error}") from None
        return self._content.listed(path, target) if target and is_bundle(target) else None

    def open(self, listed: Listed) -> OpenBundle:
        """See `Repository.open`."""
        settings = self._http(self._target_url(listed.path, listed.sha256))
        known = Known(listed.length, listed.entry.first_part)

        def attachment(name: str, limit: int) -> bytes | None:
            return self._attachment(listed, name, limit)

        source = HttpSource(self._system, self._sleep, settings, known, attachment)
        bundle = ResumingSource(source, self._system.clock, self._sleep).open()
        assert bundle is not None
        return bundle

    def _attachment(self, listed: Listed, name: str, limit: int) -> bytes | None:
        """See `source.HasAttachments`. A personalized bundle has the attachments of the full one."""
        client = self._client
        if client is None:
            raise SourceError(f"{self._place}: has not been refreshed; check again")
        bundle = f"{self._content.folder}{catalog.path_name(listed.entry.version)}.bundle"
        path = f"{bundle}.{name}"

        def fetch() -> bytes | None:
            target = client.find(path, _ARCHIVE_ROLES)
            if target is None:
                return None
            if target.length > limit:
                raise self._rejected(
                    Problem.TOO_LARGE,
                    f"{path} has {target.length} bytes instead of at most {limit}",
                )
            return client.fetch(self._target_url(path, target.hashes.get("sha256", "")), target)

        return self._verified(client, fetch)

    # Requests.

    def _target_url(self, path: str, sha256: str) -> str:
        folder, _, name = path.rpartition("/")
        return f"{self._base}/targets/{folder}/{sha256}.{name}"

    def _http(self, url: str) -> HttpSettings:
        return replace(self._settings.http, url=url)

    def _new_client(self, at: int) -> "TufClient":
        # Takes long to import, and is not needed before a check.
        from tuf.api.exceptions import RepositoryError

        from software_update.client.shell.tuf_client import Fetcher, TufClient

        settings = self._settings
        pace = settings.http.pace(self._system.clock.since_boot, self._sleep)
        fetcher = Fetcher(lambda url: Requests(self._system, self._http(url)), pace)
        self._system.storage.make_folder(settings.cache)
        self._remove_temporary_files()
        try:
            return TufClient(settings.cache, f"{self._base}/metadata/", fetcher, settings.root, at)
        except RepositoryError as error:
            raise self._rejected(
                Problem.MALFORMED,
                f"the file that the option root names is not valid ({error}); it must be the root.json of "
                "this repository",
            ) from None

    def _remove_temporary_files(self) -> None:
        """Removes the files that cuts have left: ngclient gives a file its name when it is complete."""
        storage, cache = self._system.storage, self._settings.cache
        for name in storage.list(cache):
            if name != "root_history" and not name.endswith(".json"):
                storage.remove(f"{cache}/{name}")

    def _verified(self, client: "TufClient", act: Callable[[], _T]) -> _T:
        """Calls `act`, and raises the exceptions of tuf as SourceError and RepositoryRejected."""
        from tuf.api.exceptions import DownloadError, RepositoryError

        try:
            return act()
        except RepositoryError as error:
            problem = client.problem_of(error)
            text = f"{_SENTENCES[problem]} ({error})"
            if problem is Problem.MALFORMED:
                text += "; check that no other page answers, such as a login page"
            raise self._rejected(problem, text) from None
        except DownloadError as error:
            raise SourceError(str(error)) from None
        except _FAULTS as error:
            # Signed metadata of a form that tuf does not expect.
            text = f"{_SENTENCES[Problem.MALFORMED]} ({type(error).__name__}: {error})"
            raise self._rejected(Problem.MALFORMED, text[:_MAX_TEXT]) from None

    def _rejected(self, problem: Problem, text: str) -> RepositoryRejected:
        return RepositoryRejected(problem, printable(f"{self._place}: {text}"))

    def _check_floors(self, floors: Versions, found: Versions) -> None:
        role = floors.lowered(found)
        if role is not None:
            version, floor = getattr(found, role), getattr(floors, role)
            raise self._rejected(
                Problem.ROLLED_BACK,
                f"{_SENTENCES[Problem.ROLLED_BACK]} ({role} has version {version} instead of at least "
                f"{floor})",
            )
