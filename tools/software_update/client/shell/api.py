"""The API of the service: HTTP/1.1 and JSON on a Unix socket. docs/reference/client_api.md describes it.

The user who asks comes from the socket (SO_PEERCRED), never from the request. Every action goes through
`Control`, in the thread of the service; reading needs no permission and never waits for that thread.
"""

import contextlib
import json
import os
import select
import socket
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Protocol

from software_update.base import strict_json
from software_update.base.errors import (
    InputError,
    SoftwareUpdateError,
    UsageError,
    printable,
    shown,
)
from software_update.client.config import Approvers
from software_update.client.shell.actions import ACTIONS, Document
from software_update.client.shell.callers import Caller, caller_of, may_answer
from software_update.client.shell.control import MAX_LINES, ActionRefused, Busy
from software_update.client.shell.http_request import HttpError, Request, read_request, response
from software_update.client.shell.service import Progress, Service

ERROR_SCHEMA = "software_update.client_error.v1"
PROGRESS_SCHEMA = "software_update.client_progress.v1"
# Connections of one user at once, of all users, and those among them that listen to events.
MAX_OF_USER, MAX_CONNECTIONS, MAX_LISTENERS_OF_USER = 8, 32, 4
# Seconds in which a request must have arrived, and a response be taken.
REQUEST_SECONDS = 10.0
# Seconds after which an action is given up that the service has not begun, because it runs a program.
ACTION_SECONDS = 120.0
# Events that wait for a slow listener; it misses older ones.
_MAX_WAITING = 64
MAX_PATH_BYTES = 107
_JSON = "application/json"
# The paths that answer with HTML.
_PAGES = ("/page", "/page/answer")


class Page(Protocol):
    """The consent page on the socket, which `page_socket` implements."""

    def html(self, request: Request, caller: Caller) -> bytes:
        """Returns the response to a request for the page, or to an answer on it."""

    def address(self, fields: Mapping[str, str], caller: Caller, uid: int) -> Document:
        """Returns an address of the page on loopback. Raises HttpError and UsageError."""


class Api:
    """The socket and its threads.

    api = Api(service, approvers, "/run/software_update/client.sock")
    api.open()                   # after the service has started: only then the folder is locked
    service.run()
    api.close()
    """

    def __init__(
        self,
        service: Service,
        approvers: Approvers,
        path: str,
        page: Page | None = None,
    ) -> None:
        self._service = service
        self._page = page
        self._approvers = approvers
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._lock = threading.Lock()
        self._connections: Counter[int] = Counter()
        self._listening: Counter[int] = Counter()
        self._listeners: list[_Listener] = []
        self._hashing = threading.Lock()
        service.on_status = lambda status: self._tell("status", status)
        service.on_progress = lambda progress: self._tell("progress", progress_document(progress))

    def open(self) -> None:
        """Makes the socket, in place of one that a dead service left. Raises InputError."""
        if len(os.fsencode(self._path)) > MAX_PATH_BYTES:
            raise InputError(
                f"{self._path}: is longer than {MAX_PATH_BYTES} bytes; choose another socket.path"
            )
        try:
            os.makedirs(os.path.dirname(self._path), mode=0o755, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)
            self._socket.bind(self._path)
            # Everyone may read the status; each action needs permission.
            os.chmod(self._path, 0o666)
            self._socket.listen(16)
        except OSError as error:
            raise InputError(f"{self._path}: {error.strerror or error}") from None
        threading.Thread(target=self._accept, name="api", daemon=True).start()

    def close(self) -> None:
        """Removes the socket, and ends the streams of events."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        with self._lock:
            for listener in self._listeners:
                listener.end()

    # Connections.

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return  # It was closed.
            _, uid, gid = _peer(connection)
            with self._lock:
                full = (
                    self._connections[uid] >= MAX_OF_USER
                    or self._connections.total() >= MAX_CONNECTIONS
                )
                self._connections[uid] += 0 if full else 1
            if full:
                connection.settimeout(0)
                _send_error(connection, HttpError(503, "too many connections; try again later"))
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection, uid, gid), daemon=True).start()

    def _serve(self, connection: socket.socket, uid: int, gid: int) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                self._answer(connection, caller_of(uid, gid), uid)
        finally:
            with self._lock:
                self._connections[uid] -= 1

    def _answer(self, connection: socket.socket, caller: Caller, uid: int) -> None:
        try:
            request = read_request(_receiver(connection, REQUEST_SECONDS))
            if request is None:
                return
            if request.path == "/v1/events":
                self._stream(connection, request, uid)
                return
            if request.path in _PAGES and self._page is not None:
                content = self._page.html(request, caller)
                connection.settimeout(REQUEST_SECONDS)
                connection.sendall(content)
                return
            document = self._document(request, caller, uid)
        except HttpError as error:
            _send_error(connection, error)
        except Busy:
            _send_error(connection, HttpError(503, "the service runs a program; try again later"))
        except TimeoutError:
            _send_error(connection, HttpError(408, "the request did not arrive in time"))
        except (SoftwareUpdateError, OSError) as error:
            _send_error(connection, error)
        else:
            connection.settimeout(REQUEST_SECONDS)
            connection.sendall(response(200, _JSON, _encode(document)))

    def _document(self, request: Request, caller: Caller, uid: int) -> Document:
        """Returns the answer to a request. Raises HttpError, Busy, SoftwareUpdateError and OSError."""
        if request.path == "/page/address" and self._page is not None:
            _only(request, "POST")
            fields = _members(request.body, "page/address", {"user": str})
            return self._page.address(fields, caller, uid)
        if request.path in (*_PAGES, "/page/address"):
            raise HttpError(404, "the service serves no page; start it with --page")
        if request.path in _READINGS:
            _only(request, "GET")
            return _READINGS[request.path](self, request.query)
        name = request.path.removeprefix("/v1/")
        if name not in ACTIONS or name == request.path:
            raise HttpError(404, f"{shown(request.path)}: does not exist; see the list of paths")
        _only(request, "POST")
        fields = _members(request.body, name, ACTIONS[name].members)
        if not may_answer(caller, self._approvers):
            raise HttpError(
                403,
                f"user {shown(caller.name)} may not do this; add user:NAME or group:NAME to "
                "consent.approvers",
            )
        act = ACTIONS[name].act
        return self._service.call(lambda control: act(control, caller, fields), ACTION_SECONDS)

    # Reading, in the thread of the connection.

    def _status(self, query: Mapping[str, str]) -> Document:
        _known(query, ())
        return self._service.status

    def _history(self, query: Mapping[str, str]) -> Document:
        _known(query, ("after", "count"))
        after, count = (
            _number(query, name, default) for name, default in (("after", 0), ("count", MAX_LINES))
        )
        return self._service.control.history(after, count)

    def _verify_history(self, query: Mapping[str, str]) -> Document:
        _known(query, ())
        return self._one_at_a_time(self._service.control.verify_history)

    def _verify_installed(self, query: Mapping[str, str]) -> Document:
        _known(query, ("domain",))
        domain = query.get("domain")
        return self._one_at_a_time(lambda: self._service.control.verify_installed(domain))

    def _one_at_a_time(self, read: Callable[[], Document]) -> Document:
        if not self._hashing.acquire(blocking=False):
            raise HttpError(503, "another verification is running; try again later")
        try:
            return read()
        finally:
            self._hashing.release()

    # Events.

    def _tell(self, event: str, document: Document) -> None:
        with self._lock:
            for listener in self._listeners:
                listener.add(event, document)

    def _stream(self, connection: socket.socket, request: Request, uid: int) -> None:
        _only(request, "GET")
        _known(request.query, ())
        with self._lock:
            if self._listening[uid] >= MAX_LISTENERS_OF_USER:
                raise HttpError(503, "too many streams of events; close one")
            self._listening[uid] += 1
            listener = _Listener()
            self._listeners.append(listener)
            listener.add("status", self._service.status)
        try:
            # The response has begun, so an error can only end it.
            with contextlib.suppress(OSError):
                connection.settimeout(REQUEST_SECONDS)
                connection.sendall(response(200, "text/event-stream", None))
                while events := listener.wait(connection):
                    connection.sendall(events)
        finally:
            with self._lock:
                self._listening[uid] -= 1
                self._listeners.remove(listener)
            listener.close()


class _Listener:
    """The events that wait for one connection."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Document]] = deque(maxlen=_MAX_WAITING)
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._ended = False

    def add(self, event: str, document: Document) -> None:
        """Adds an event. Progress replaces progress that still waits."""
        if event == "progress" and self._waiting and self._waiting[-1][0] == event:
            self._waiting.pop()
        self._waiting.append((event, document))
        os.eventfd_write(self._bell, 1)

    def end(self) -> None:
        """Ends the stream."""
        self._ended = True
        os.eventfd_write(self._bell, 1)

    def wait(self, connection: socket.socket) -> bytes:
        """Sleeps until there are events, and returns them; empty when the stream or the connection ends."""
        poll = select.poll()
        poll.register(self._bell, select.POLLIN)
        poll.register(connection, select.POLLRDHUP)
        while not self._waiting and not self._ended:
            for number, _ in poll.poll():
                if number != self._bell:
                    return b""
            os.read(self._bell, 8)
        found = []
        while self._waiting:
            event, document = self._waiting.popleft()
            found.append(f"event: {event}\ndata: {_compact(document)}\n\n")
        return "".join(found).encode()

    def close(self) -> None:
        """Closes what it has opened. Nothing is added any more."""
        os.close(self._bell)


_READINGS: dict[str, Callable[[Api, Mapping[str, str]], Document]] = {
    "/v1/status": Api._status,
    "/v1/history": Api._history,
    "/v1/history/verify": Api._verify_history,
    "/v1/verify-installed": Api._verify_installed,
}


_KINDS: Mapping[type, str] = {bool: "true or false", list: "an array", str: "a string"}


def _members(body: bytes, name: str, known: Mapping[str, type]) -> Document:
    """Returns the members of a JSON object, which are `known` with their types. Raises HttpError."""
    try:
        fields = strict_json.parse_object(body) if body else {}
    except ValueError as error:
        raise HttpError(400, f"the body is not a JSON object: {printable(str(error))}") from None
    for member, value in fields.items():
        if member not in known:
            raise HttpError(400, f"{shown(member)}: is not a member of {name}")
        if not isinstance(value, known[member]):
            raise HttpError(400, f"{member}: must be {_KINDS[known[member]]}")
    return fields


def _only(request: Request, method: str) -> None:
    if request.method != method:
        raise HttpError(405, f"{request.path}: takes only {method}")


def _known(query: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in query:
        if name not in names:
            raise HttpError(400, f"{shown(name)}: is not a member of the query")


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise HttpError(400, f"{name}: must be a number")
    return int(text)


# Documents.


def progress_document(progress: Progress) -> Document:
    """Returns progress as JSON."""
    return {
        "schema": PROGRESS_SCHEMA,
        "work": progress.effect.value,
        "done": progress.done,
        "total": progress.total,
    }


def error_document(error: Exception) -> tuple[int, Document]:
    """Returns the status of HTTP and the JSON of an error."""
    status = _status_of(error)
    code, exit_code = CODES[status]
    return status, {
        "schema": ERROR_SCHEMA,
        "code": code,
        "text": printable(str(error)),
        "exit_code": exit_code,
    }


def _status_of(error: Exception) -> int:
    match error:
        case HttpError():
            return error.status
        case ActionRefused():
            return 409
        case UsageError():
            return 400
    return 500


# The code of each status, and the exit code of a command that gets it.
CODES = {
    400: ("WRONG_REQUEST", 2),
    403: ("NOT_PERMITTED", 1),
    404: ("NOT_FOUND", 2),
    405: ("WRONG_METHOD", 2),
    408: ("TOO_SLOW", 3),
    409: ("REFUSED", 1),
    413: ("TOO_LARGE", 2),
    431: ("TOO_LARGE", 2),
    500: ("FAILED", 3),
    501: ("NOT_SUPPORTED", 2),
    503: ("BUSY", 3),
}


def _encode(document: Document) -> bytes:
    return (_compact(document) + "\n").encode()


def _compact(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"))


# Sockets.


def _peer(connection: socket.socket) -> tuple[int, int, int]:
    """Returns the process, user and group that connected, as the kernel knows them."""
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, gid = struct.unpack("3i", packed)
    return pid, uid, gid


def _receiver(connection: socket.socket, seconds: float) -> Callable[[int], bytes]:
    """Returns a function that receives bytes, and raises TimeoutError when the time for all is over."""
    end = time.monotonic() + seconds

    def receive(length: int) -> bytes:
        connection.settimeout(max(0.001, end - time.monotonic()))
        return connection.recv(length)

    return receive


def _send_error(connection: socket.socket, error: Exception) -> None:
    status, document = error_document(error)
    with contextlib.suppress(OSError):
        allow = str(error).rsplit(" ", 1)[-1] if status == 405 else ""
        connection.sendall(response(status, _JSON, _encode(document), allow))
