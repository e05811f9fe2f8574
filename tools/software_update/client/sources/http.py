"""Bundles at a URL, over HTTP and HTTPS (RFC 9110), read by ranges.

If size and first part are known, as from a repository, the first request asks for exactly the first part.
Otherwise it asks for the first four bytes, of which no bundle has a payload, and learns the size. Each
further request names the range that it wants, and the ETag, so that a download goes on after a cut, and a
file that was replaced on the server is noticed.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from software_update.base.errors import shown
from software_update.client.repository import Problem
from software_update.client.source import BundleChanged, OpenBundle, SourceError
from software_update.client.sources.address import Address, beside
from software_update.client.sources.headers import Part, coding, content_range, strong_etag
from software_update.client.sources.pace import Pace, TooSlow
from software_update.client.sources.requests import HttpSettings, Requests
from software_update.client.system import Response, System
from software_update.format.names import attachment_suffix

_FIRST_BYTES = 4
# Storages without a right to list files answer with 403.
_MISSING = frozenset((403, 404, 410))


@dataclass(frozen=True, slots=True)
class Known:
    """The length of a bundle, and that of its first part before the payloads, in bytes."""

    size: int
    first_part: int


class HttpSource:
    """A bundle at a URL.

    `sleep` waits for seconds, for the limit. `known` is the length that a repository lists, and `attachment`
    fetches its attachments, as `HasAttachments`; by default, they are next to the URL. Raises ValueError for
    bad settings, without their values.
    """

    def __init__(
        self,
        system: System,
        sleep: Callable[[float], None],
        settings: HttpSettings,
        known: Known | None = None,
        attachment: Callable[[str, int], bytes | None] | None = None,
    ) -> None:
        self._requests = Requests(system, settings)
        self._system = system
        self._sleep = sleep
        self._settings = settings
        self._known = known
        self._attachment = attachment or self._next_to_bundle

    def open(self) -> OpenBundle:
        """See `Source.open`. It never returns None: a server that lacks the file is an error."""
        pace = self._settings.pace(self._system.clock.since_boot, self._sleep)
        return _HttpBundle(self._requests, pace, self._known, self._attachment)

    def describe(self) -> str:
        """See `Source.describe`."""
        return self._requests.describe()

    def _next_to_bundle(self, name: str, limit: int) -> bytes | None:
        url = beside(self._settings.url, attachment_suffix(name))
        requests = Requests(self._system, replace(self._settings, url=url))
        pace = self._settings.pace(self._system.clock.since_boot, self._sleep)
        return fetch_small(requests, pace, limit)


def attachments_at(
    system: System,
    sleep: Callable[[float], None],
    settings: HttpSettings,
    urls: Mapping[str, str],
) -> Callable[[str, int], bytes | None]:
    """Returns the argument `attachment` of `HttpSource` for files with addresses of their own, by name.

    Credentials are sent only to the origin of the bundle. Raises ValueError for a bad address, without it.
    """
    origins = {}
    for name, url in urls.items():
        try:
            origins[name] = Address.parse(url).origin
        except ValueError as error:
            raise ValueError(f"attachments: the address of '{name}' {error}") from None
    own = Requests(system, settings).origin

    def fetch(name: str, limit: int) -> bytes | None:
        if name not in urls:
            return None
        http = replace(settings, url=urls[name])
        if origins[name] != own:
            http = replace(http, token_file=None)
        pace = http.pace(system.clock.since_boot, sleep)
        return fetch_small(Requests(system, http), pace, limit)

    return fetch


class _HttpBundle:
    """An `OpenBundle` at a URL. Bytes that have arrived and were not read stay in memory."""

    can_reread = False

    def __init__(
        self,
        requests: Requests,
        pace: Pace,
        known: Known | None,
        attachment: Callable[[str, int], bytes | None],
    ) -> None:
        self.attachment = attachment
        self.first_part = known.first_part if known else None
        self._requests = requests
        self._pace = pace
        self._expected = (0, 0)
        self._buffer = bytearray()
        self._start = 0
        # The response that sends the bytes after the buffer, up to an offset.
        self._response: Response | None = None
        self._response_end = 0
        self._size, self._version, self._etag = self._first(known)

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

    def _first(self, known: Known | None) -> tuple[int, str, str]:
        """Reads the first bytes. Returns size, version and strong ETag."""
        wanted = known.first_part if known else _FIRST_BYTES
        response = self._request_range(0, wanted, "")
        with _closed_on_error(response):
            if response.status == 200:
                raise self._requests.error(
                    "the server ignores the range of a request (HTTP status 200 instead of 206); use a "
                    "server or proxy that supports ranges"
                )
            if response.status == 416:
                raise self._requests.error("the file is empty")
            part = self._part(response)
            if known and part.size != known.size:
                raise self._requests.rejected(
                    Problem.INCONSISTENT,
                    f"the file has {part.size} bytes instead of the {known.size} that the repository lists",
                )
            self._check_part(part, 0, min(wanted, part.size))
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
        except TooSlow as error:
            self.close()
            raise self._requests.rejected(Problem.TOO_SLOW, str(error)) from None
        except OSError as error:
            self.close()
            raise self._requests.error(error) from None
        if not content:
            self.close()
            raise self._requests.error("the connection ended before all bytes had arrived")
        self._buffer += content
        if len(content) >= missing:
            self.close()

    def _request_range(self, start: int, end: int, etag: str) -> Response:
        """Requests the bytes from `start` up to `end`, if the file still has the ETag."""
        wanted = {"Range": f"bytes={start}-{end - 1}"}
        return self._requests.get({**wanted, "If-Range": etag} if etag else wanted)

    def _request(self, start: int, end: int) -> Response:
        response = self._request_range(start, end, self._etag)
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


def fetch_small(requests: Requests, pace: Pace, limit: int) -> bytes | None:
    """Returns a file; None if the server lacks it, and `limit` + 1 bytes if it is longer.

    Raises SourceError.
    """
    response = requests.get({})
    try:
        if response.status in _MISSING:
            return None
        if response.status != 200:
            raise requests.failure(response)
        if coding(response.headers):
            raise requests.error("the server sends the file compressed; it must send it as it is")
        content = b""
        while len(content) <= limit:
            part = pace.read(response.read, limit + 1 - len(content))
            if not part:
                break
            content += part
        if len(content) < min(_length(response), limit + 1):
            raise requests.error("the connection ended before all bytes had arrived")
        return content
    except TooSlow as error:
        raise requests.rejected(Problem.TOO_SLOW, str(error)) from None
    except SourceError:
        raise
    except OSError as error:
        raise requests.error(error) from None
    finally:
        response.close()


def _length(response: Response) -> int:
    """Returns the length of a body in bytes; 0 if the server does not state it."""
    stated = response.headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() else 0


def _version(response: Response) -> str:
    """Returns a text that changes with the file, if the server gives one."""
    return response.headers.get("etag", "") or response.headers.get("last-modified", "")
