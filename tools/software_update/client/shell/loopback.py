"""The consent page on loopback TCP, for a browser on the device.

Other users of the device can connect to loopback, and pages of other sites can make a browser do so. So a
request counts only if the connection is of the user for whom the address was made, `Host` and `Origin` are
exactly ours, and it has the token or the cookie and the secret in the form. The IP address is a random one of
127.0.0.0/8, because cookies do not depend on the port: a server of another user at 127.0.0.1 would get ours.
"""

import contextlib
import socket
import struct
import threading
import time

from software_update.base.errors import InputError, shown
from software_update.client.consent_form import Form
from software_update.client.shell.callers import Caller
from software_update.client.shell.consent_page import (
    ConsentPage,
    fields_of,
    language_of,
    page_response,
    refusal,
)
from software_update.client.shell.http_request import HttpError, Request, read_request
from software_update.client.shell.page_sessions import PageSessions
from software_update.client.system import Clock

# Connections at once, and the seconds in which a request must have arrived, and a response be taken.
MAX_CONNECTIONS = 8
REQUEST_SECONDS = 10.0
_COOKIE = "software_update_page"
_ESTABLISHED = "01"
_TABLE = "/proc/net/tcp"


class Loopback:
    """The listening socket and its threads.

    loopback = Loopback(page, clock)
    loopback.open()
    address = loopback.new_address(caller, uid)      # which a person opens in a browser
    loopback.close()
    """

    def __init__(self, page: ConsentPage, clock: Clock) -> None:
        self._page = page
        self._clock = clock
        self._sessions = PageSessions(clock.since_boot, clock.random_bytes)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._lock = threading.Lock()
        self._connections = 0
        self._host = ""

    def open(self) -> None:
        """Starts to listen. Raises InputError."""
        # Neither 127.0.0.0 nor 127.255.255.255 can occur.
        numbers = [1 + each % 254 for each in self._clock.random_bytes(3)]
        address = ".".join(map(str, (127, *numbers)))
        try:
            self._socket.bind((address, 0))
            self._socket.listen(16)
        except OSError as error:
            raise InputError(
                f"{address}: {error.strerror or error}; set consent.page = false"
            ) from None
        self._host = f"{address}:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, name="page", daemon=True).start()

    def close(self) -> None:
        """Ends the listening. Pages that are open get no answer any more."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def new_address(self, caller: Caller, uid: int) -> str:
        """Returns an address for one use, with which the browser of the user `uid` acts for `caller`.

        Raises HttpError if `caller` may not answer.
        """
        self._page.check_permission(caller)
        with self._lock:
            token = self._sessions.issue(caller, uid)
        return f"http://{self._host}/#{token}"

    def _accept(self) -> None:
        while True:
            try:
                connection, peer = self._socket.accept()
            except OSError:
                return  # It was closed.
            with self._lock:
                full = self._connections >= MAX_CONNECTIONS
                self._connections += 0 if full else 1
            if full:
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection, peer), daemon=True).start()

    def _serve(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                answer = self._answer(connection, peer)
                connection.settimeout(REQUEST_SECONDS)
                connection.sendall(answer)
        finally:
            with self._lock:
                self._connections -= 1

    def _answer(self, connection: socket.socket, peer: tuple[str, int]) -> bytes:
        language, end = "en", time.monotonic() + REQUEST_SECONDS
        try:
            request = read_request(lambda length: _receive(connection, length, end))
            if request is None:
                return b""
            language = language_of(request)
            self._check_origin(request)
            return self._document(request, uid_of(peer, connection.getsockname()), language)
        except Exception as error:
            status, text = refusal(error)
            return page_response(status, self._page.writer.says(text, language))

    def _document(self, request: Request, uid: int, language: str) -> bytes:
        match request.method, request.path:
            case "GET", "/":
                return page_response(200, self._page.writer.opens("/open", language))
            case "POST", "/open":
                fields, cookie = fields_of(request), _cookie_of(request)
                with self._lock:
                    new, session = self._sessions.exchange(fields.get("token", ""), cookie, uid)
                form = Form("/answer", session.secret, language)
                return page_response(200, self._page.show(form), f"{_COOKIE}={new}")
            case "POST", "/answer":
                fields = fields_of(request)
                with self._lock:
                    session = self._sessions.session(
                        _cookie_of(request), fields.get("secret", ""), uid
                    )
                form = Form("/answer", session.secret, language)
                return self._page.answer(session.caller, fields, form)
        if request.path in ("/", "/open", "/answer"):
            raise HttpError(405, "the method is wrong")
        raise HttpError(404, f"{shown(request.path)}: does not exist")

    def _check_origin(self, request: Request) -> None:
        """Raises HttpError if the request is for another name, or comes from a page of another site."""
        if request.headers.get("host") != self._host:
            raise HttpError(403, "the request is for another host")
        origin = request.headers.get("origin")
        if origin not in (f"http://{self._host}", *([None] if request.method == "GET" else [])):
            raise HttpError(403, "the request comes from another site")
        # Browsers that have this header say it of all requests. Anyone may have a link to the empty page.
        site = request.headers.get("sec-fetch-site", "same-origin")
        if site not in ("same-origin", "none") and request.method != "GET":
            raise HttpError(403, "the request comes from another site")


def uid_of(peer: tuple[str, int], own: tuple[str, int]) -> int:
    """Returns the user id of the process at the other end of a connection, from the kernel's table.

    Raises HttpError if the table does not have the connection.
    """
    wanted = [_as_in_table(peer), _as_in_table(own), _ESTABLISHED]
    with open(_TABLE, encoding="ascii") as table:
        for line in table:
            columns = line.split()
            if columns[1:4] == wanted:
                return int(columns[7])
    raise HttpError(403, "the connection is of no user of this device")


def _as_in_table(address: tuple[str, int]) -> str:
    (number,) = struct.unpack("=I", socket.inet_aton(address[0]))
    return f"{number:08X}:{address[1]:04X}"


def _cookie_of(request: Request) -> str:
    pairs = (each.strip().partition("=") for each in request.headers.get("cookie", "").split(";"))
    return next((value for name, _, value in pairs if name == _COOKIE), "")


def _receive(connection: socket.socket, length: int, end: float) -> bytes:
    connection.settimeout(max(0.001, end - time.monotonic()))
    return connection.recv(length)
