"""Sends GET requests, with credentials where they belong, and follows redirects (RFC 9110).

Every device sends the same headers: a server learns nothing from them.
"""

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from software_update.client.repository import Problem, RepositoryRejected
from software_update.client.source import SourceError
from software_update.client.sources.address import Address
from software_update.client.sources.headers import retry_after
from software_update.client.sources.pace import LEAST_BYTES_PER_SECOND, Pace
from software_update.client.system import Response, Storage, System

MAX_REDIRECTS = 5

# A proxy may add Accept if it is missing.
_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "User-Agent": "software-update-client",
}
_MAX_TOKEN_BYTES = 4096
_SHORT_BYTES = 8192
_TOKEN = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_REASONS = {
    401: "needs credentials; set token_file, or correct what is in it",
    403: "refuses access; check the URL and token_file",
    404: "has no such file; check the URL",
    410: "has no such file any more; check the URL",
    429: "asks for fewer requests",
    503: "is overloaded or in maintenance",
}


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """The settings of an HTTP source.

    `token_file` contains the value of the header `token_header`, such as `Bearer abc`, in one line. It is
    read for each request, and sent only to the scheme, host and port of `url`; over http, everyone on the
    way can read it. A user and password in `url` are sent in the same way. `bytes_per_second` limits
    downloads. A source that sends fewer than `min_bytes_per_second` over a minute is too slow. `shown` is the
    name of the source in errors; by default, host and path of the URL.
    """

    url: str
    token_file: str | None = None
    token_header: str = "Authorization"
    bytes_per_second: int | None = None
    min_bytes_per_second: int = LEAST_BYTES_PER_SECOND
    shown: str = ""

    def pace(self, now: Callable[[], float], sleep: Callable[[float], None]) -> Pace:
        """Returns the pace of one download. `now` returns seconds, `sleep` waits for seconds."""
        return Pace(now, sleep, self.bytes_per_second, self.min_bytes_per_second)


class Requests:
    """Requests to one URL, or to others of the same server. Raises ValueError for bad settings."""

    def __init__(self, system: System, settings: HttpSettings) -> None:
        if not _HEADER_NAME.fullmatch(settings.token_header):
            raise ValueError("token_header is not the name of a header")
        if settings.bytes_per_second is not None and settings.bytes_per_second < 1:
            raise ValueError("bytes_per_second must be at least 1")
        try:
            self._address = Address.parse(settings.url)
        except ValueError as error:
            raise ValueError(f"url {error}") from None
        self._system = system
        self._settings = settings

    @property
    def origin(self) -> tuple[str, str, int]:
        """The scheme, host and port of the URL, to which credentials belong."""
        return self._address.origin

    def describe(self) -> str:
        """Returns the name of the source, without credentials."""
        return self._settings.shown or self._address.shown

    def error(self, problem: object, retry_after: float | None = None) -> SourceError:
        """Returns an error that names the source."""
        return SourceError(f"{self.describe()}: {problem}", retry_after)

    def rejected(self, problem: Problem, text: str) -> RepositoryRejected:
        """Returns an error with a reason that has a name."""
        return RepositoryRejected(problem, f"{self.describe()}: {text}")

    def get(self, headers: Mapping[str, str]) -> Response:
        """Sends a request with these headers, besides the usual ones. Raises SourceError."""
        wanted = {**_HEADERS, **headers}
        address, secret = self._address, self._credentials()
        for _ in range(MAX_REDIRECTS + 1):
            response = self._send(address, {**wanted, **secret})
            if response.status not in _REDIRECTS:
                return response
            # A short answer that is read to its end leaves the connection open for the next request.
            with contextlib.suppress(OSError):
                response.read(_SHORT_BYTES)
            response.close()
            try:
                address = address.redirected(response.headers.get("location", ""))
            except ValueError as error:
                raise self.error(error) from None
            if address.origin != self._address.origin:
                secret = {}
        raise self.error(f"redirects more than {MAX_REDIRECTS} times")

    def send(self, method: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Sends a request with a body, and these headers besides the usual ones. Follows no redirect.

        Raises SourceError.
        """
        wanted = {**_HEADERS, **headers, **self._credentials()}
        try:
            return self._system.network.send(method, self._address.url, wanted, body)
        except OSError as error:
            raise self.error(error) from None

    def failure(self, response: Response) -> SourceError:
        """Returns the error for a status that is not the expected one."""
        asked = retry_after(response.headers, self._system.clock.now())
        reason = _REASONS.get(response.status, "cannot serve the file")
        return self.error(f"the server {reason} (HTTP status {response.status})", asked)

    def _send(self, address: Address, headers: Mapping[str, str]) -> Response:
        try:
            return self._system.network.get(address.url, headers)
        except OSError as error:
            raise self.error(error) from None

    def _credentials(self) -> Mapping[str, str]:
        path = self._settings.token_file
        if path is not None:
            return {self._settings.token_header: _read_token(self._system.storage, path)}
        return {"Authorization": self._address.user_info} if self._address.user_info else {}


def _read_token(storage: Storage, path: str) -> str:
    """Returns the only line of a file. Errors never contain it."""
    try:
        file = storage.open(path)
        try:
            content = file.read(0, _MAX_TOKEN_BYTES + 1)
        finally:
            file.close()
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or 'cannot be read'}") from None
    token = content.decode("latin-1").removesuffix("\n").removesuffix("\r")
    if len(content) > _MAX_TOKEN_BYTES or not _TOKEN.fullmatch(token):
        raise SourceError(
            f"{path}: must contain one line of at most {_MAX_TOKEN_BYTES} ASCII characters, such as "
            "Bearer and a token"
        )
    return token
