"""The service as the client: its API on a Unix socket."""

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from software_update.base.errors import InputError, SoftwareUpdateError, printable
from software_update.base.progress import Progress
from software_update.cli.client.outcome import is_working

if TYPE_CHECKING:
    from http.client import HTTPResponse

Document = dict[str, Any]
Connect = Callable[[], socket.socket]
# The longest time in seconds that an answer may take: an action waits for the work of the service.
_ANSWER_SECONDS = 600.0
_MAX_ANSWER_BYTES = 64 << 20


class ServiceError(SoftwareUpdateError):
    """An error that the service has answered with."""

    def __init__(self, text: str, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def connection_to(path: str) -> Connect:
    """Returns a function that connects to the socket. It raises OSError."""

    def connect() -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.settimeout(_ANSWER_SECONDS)
            made.connect(path)
        except BaseException:
            made.close()
            raise
        return made

    return connect


class RemoteSession:
    """A session with the service. See `session.Session`."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def read(self, name: str, **query: str) -> Document:
        """See `Session.read`."""
        suffix = f"?{urlencode(query)}" if query else ""
        return self._request("GET", f"/v1/{name}{suffix}", b"")

    def act(self, name: str, **fields: object) -> Document:
        """See `Session.act`."""
        given = {key: value for key, value in fields.items() if value is not None}
        document = self._request("POST", f"/v1/{name}", json.dumps(given).encode())
        return self._settled(document) if is_working(document) else document

    def page_address(self, user: str | None) -> Document:
        """Returns an address of the consent page for a browser of a user, by default of this process."""
        fields = {} if user is None else {"user": user}
        return self._request("POST", "/page/address", json.dumps(fields).encode())

    def __enter__(self) -> "RemoteSession":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is open between requests."""

    def _request(self, method: str, path: str, body: bytes) -> Document:
        with self._response(method, path, body) as response:
            content = response.read(_MAX_ANSWER_BYTES)
        try:
            document = json.loads(content)
        except ValueError:
            raise InputError("the service does not answer with JSON; restart it") from None
        if response.status != 200:
            raise ServiceError(printable(str(document.get("text"))), int(document["exit_code"]))
        found: Document = document
        return found

    @contextlib.contextmanager
    def _response(self, method: str, path: str, body: bytes) -> Iterator["HTTPResponse"]:
        import http.client  # It takes a tenth of a second, and only a running service needs it.

        connection = http.client.HTTPConnection("localhost", timeout=_ANSWER_SECONDS)
        connection.sock = self._connect()
        try:
            connection.request(method, path, body or None, {"Content-Type": "application/json"})
            yield connection.getresponse()
        except http.client.HTTPException as error:
            raise InputError(f"the service does not answer as expected ({error})") from None
        finally:
            connection.close()

    def _settled(self, document: Document) -> Document:
        """Shows progress until the client waits for something, or the service ends. Returns its status."""
        progress: Progress | None = None
        shown, done = "", 0
        with self._response("GET", "/v1/events", b"") as response:
            for event, found in _events(response):
                if event == "status":
                    document = found
                    if not is_working(document):
                        break
                elif event == "progress":
                    if found["work"] != shown or found["done"] < done:
                        if progress is not None:
                            progress.close()
                        progress, shown, done = (
                            Progress(found["work"], found["total"] or 0),
                            found["work"],
                            0,
                        )
                    assert progress is not None
                    progress.add(found["done"] - done)
                    done = found["done"]
        if progress is not None:
            progress.close()
        return document


def _events(response: "HTTPResponse") -> Iterator[tuple[str, Document]]:
    """Yields the events of a stream (Server-Sent Events, WHATWG HTML 9.2)."""
    event = ""
    for line in response:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "event":
            event = value
        elif name == "data":
            yield event, json.loads(value)
