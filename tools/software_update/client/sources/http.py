"""Bundles at a URL, over HTTP and HTTPS (RFC 9110), read by ranges.

The first request asks for the first four bytes, of which no bundle has a payload, and learns the size and the
ETag. Each further request names the range that it wants, and the ETag, so that a download goes on after a
cut, and a file that was replaced on the server is noticed.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from software_update.base.errors import shown
from software_update.client.source import BundleChanged, OpenBundle, SourceError
from software_update.client.sources.address import Address
from software_update.client.sources.headers import (
    Part,
    coding,
    content_range,
    retry_after,
    strong_etag,
)
from software_update.client.sources.pace import Pace
from software_update.client.system import Response, Storage, System

MAX_REDIRECTS = 5

# The same for every device: a server learns nothing about it. A proxy may add Accept if it is missing.
_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "User-Agent": "software-update-client",
}
_FIRST_BYTES = 4
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
    downloads.
    """

    url: str
    token_file: str | None = None
    token_header: str = "Authorization"
    bytes_per_second: int | None = None


class HttpSource:
    """A bundle at a URL.

    `sleep` waits for seconds, for the limit. Raises ValueError for bad settings, without their values.
    """

    def __init__(
        self, system: System, sleep: Callable[[float], None], settings: HttpSettings
    ) -> None:
        if not _HEADER_NAME.fullmatch(settings.token_header):
            raise ValueError("token_header is not the name of a header")
        if settings.bytes_per_second is not None and settings.bytes_per_second < 1:
            raise ValueError("bytes_per_second must be at least 1")
        try:
            self._address = Address.parse(settings.url)
        except ValueError as error:
            raise ValueError(f"url {error}") from None
        self._system = system
        self._sleep = sleep
        self._settings = settings

    def open(self) -> OpenBundle:
        """See `Source.open`. It never returns None: a server that lacks the file is an error."""
        requests = _Requests(self._system, self._address, self._settings)
        pace = Pace(self._system.clock.since_boot, self._sleep, self._settings.bytes_per_second)
        return _HttpBundle(requests, pace)

    def describe(self) -> str:
        """See `Source.describe`."""
        return self._address.shown


class _Requests:
    """Sends requests for ranges, with credentials where they belong, and follows redirects."""

    def __init__(self, system: System, address: Address, settings: HttpSettings) -> None:
        self._system = system
        self._address = address
        self._settings = settings

    def error(self, problem: object, retry_after: float | None = None) -> SourceError:
        """Returns an error that names the source."""
        return SourceError(f"{self._address.shown}: {problem}", retry_after)

    def get(self, first: int, last: int, etag: str) -> Response:
        """Requests the bytes from `first` to `last`, if the file still has the ETag. Raises SourceError."""
        wanted = {**_HEADERS, "Range": f"bytes={first}-{last}"}
        if etag:
            wanted["If-Range"] = etag
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

    def failure(self, response: Response) -> SourceError:
        """Returns the error for a status that is not the expected one."""
        asked = retry_after(response.headers, self._system.clock.now())
        reason = _REASONS.get(response.status, "cannot serve the bundle")
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


class _HttpBundle:
    """An `OpenBundle` at a URL. Bytes that have arrived and were not read stay in memory."""

    can_reread = False

    def __init__(self, requests: _Requests, pace: Pace) -> None:
        self._requests = requests
        self._pace = pace
        self._expected = (0, 0)
        self._buffer = bytearray()
        self._start = 0
        # The response that sends the bytes after the buffer, up to an offset.
        self._response: Response | None = None
        self._response_end = 0
        self._size, self._version, self._etag = self._first()

    def size(self) -> int:
        return self._size

    @property
    def identity(self) -> str:
        return self._etag

    def expect(self, offset: int, length: int) -> None:
        self._expected = (offset, min(offset + length, self._size))

    def read(self, offset: int, length: int) -> bytes:
        end = offset + length
        if end > self._size:
            raise self._requests.error(f"ends before byte {end}")
        self._move_to(offset)
        while len(self._buffer) < length:
            self._receive(end)
        return bytes(self._buffer[:length])

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    def _first(self) -> tuple[int, str, str]:
        """Reads the first bytes. Returns size, version and strong ETag."""
        response = self._requests.get(0, _FIRST_BYTES - 1, "")
        with _closed_on_error(response):
            if response.status == 200:
                raise self._requests.error(
                    "the server ignores the range of a request (HTTP status 200 instead of 206), so it would "
                    "send payloads before anyone has agreed; use a server or proxy that supports ranges"
                )
            if response.status == 416:
                raise self._requests.error("the file is empty")
            part = self._part(response)
            self._check_part(part, 0, min(_FIRST_BYTES, part.size))
        self._response, self._response_end = response, part.last + 1
        while self._response is not None:
            self._receive_from(self._response)
        return part.size, _version(response), strong_etag(response.headers)

    def _move_to(self, offset: int) -> None:
        """Makes `offset` the start of the buffer, and keeps what it has from there on."""
        ahead = offset - self._start
        if 0 <= ahead <= len(self._buffer):
            del self._buffer[:ahead]
        else:
            self.close()
            self._buffer.clear()
        self._start = offset

    def _receive(self, end: int) -> None:
        """Appends bytes to the buffer, of a request for as many as are expected, or up to `end`."""
        if self._response is None:
            at = self._start + len(self._buffer)
            first, last = self._expected
            self._response_end = max(end, last) if first <= at < last else end
            self._response = self._request(at, self._response_end)
        self._receive_from(self._response)

    def _receive_from(self, response: Response) -> None:
        missing = self._response_end - self._start - len(self._buffer)
        try:
            content = self._pace.read(response.read, missing)
        except OSError as error:
            self.close()
            raise self._requests.error(error) from None
        if not content:
            self.close()
            raise self._requests.error("the connection ended before all bytes had arrived")
        self._buffer += content
        if len(content) >= missing:
            self.close()

    def _request(self, start: int, end: int) -> Response:
        response = self._requests.get(start, end - 1, self._etag)
        with _closed_on_error(response):
            if response.status in (200, 416):
                raise self._changed(f"HTTP status {response.status} instead of 206")
            part = self._part(response)
            if part.size != self._size:
                raise self._changed(f"{part.size} bytes instead of {self._size}")
            version = _version(response)
            if version and self._version and version != self._version:
                raise self._changed("another ETag or date")
            self._check_part(part, start, end)
        return response

    def _part(self, response: Response) -> Part:
        """Returns the range that a response sends. Raises SourceError if it sends none, or not as it is."""
        if response.status != 206:
            raise self._requests.failure(response)
        sent_as = coding(response.headers)
        if sent_as:
            raise self._requests.error(
                f"the server or a proxy sends the bundle as {shown(sent_as)}; it must send it as it is"
            )
        part = content_range(response.headers)
        if part is None:
            raise self._requests.error("the server sends a part without a valid Content-Range")
        return part

    def _check_part(self, part: Part, start: int, end: int) -> None:
        if (part.first, part.last + 1) != (start, end):
            raise self._requests.error(
                f"the server sends bytes {part.first} to {part.last} instead of {start} to {end - 1}"
            )

    def _changed(self, problem: str) -> BundleChanged:
        text = f"{self._requests.error('the file on the server has changed')} ({problem})"
        return BundleChanged(text)


@contextlib.contextmanager
def _closed_on_error(response: Response) -> Iterator[None]:
    """Closes a response that is an error."""
    try:
        yield
    except SourceError:
        response.close()
        raise


def _version(response: Response) -> str:
    """Returns a text that changes with the file, if the server gives one."""
    return response.headers.get("etag", "") or response.headers.get("last-modified", "")


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
