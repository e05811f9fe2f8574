"""An HTTP proxy on loopback in front of a server, which fails as a test says."""

import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias


class Cut(Enum):
    """Places where the proxy cuts the connection."""

    BEFORE_REQUEST = auto()
    """The server never sees the request."""
    BEFORE_ANSWER = auto()
    """The server has done its work, and the answer is lost."""
    IN_BODY = auto()
    """Half of the body of the answer is lost."""


@dataclass(frozen=True)
class Seen:
    """A request: its method, its path with the query, and its headers with lower-case names."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Status:
    """An answer of the proxy itself."""

    status: int
    body: bytes = b""


@dataclass(frozen=True)
class Without:
    """The request goes on without headers of these lower-case names."""

    headers: frozenset[str]


Fault: TypeAlias = Cut | Status | Without | None


@dataclass
class FaultyProxy:
    """A running proxy. `fault` returns the fault of each request; `seen` are the requests so far.

    `answer_headers` are added to all answers.
    """

    port: int
    fault: Callable[[Seen], Fault]
    seen: list[Seen] = field(default_factory=list)
    answer_headers: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def faulty_proxy(upstream: int) -> Iterator[FaultyProxy]:
    """Starts a proxy of the server at a port of this machine; it ends with the context."""

    class Handler(_Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        proxy = FaultyProxy(server.server_address[1], lambda _: None)
        Handler.proxy, Handler.upstream = proxy, upstream
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultyProxy
    upstream: int

    def _forward(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers)
        body = self.rfile.read(int(headers.get("content-length", 0)))
        self.proxy.seen.append(seen)
        fault = self.proxy.fault(seen)
        if fault is Cut.BEFORE_REQUEST:
            self.close_connection = True
            return
        if isinstance(fault, Status):
            self._answer(fault.status, {}, fault.body, len(fault.body))
            return
        if isinstance(fault, Without):
            headers = {name: headers[name] for name in headers if name not in fault.headers}
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream)
        try:
            headers.pop("expect", None)
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            length = int(answer.headers.get("content-length", len(content)))
        finally:
            connection.close()
        if fault is Cut.BEFORE_ANSWER:
            self.close_connection = True
            return
        if fault is Cut.IN_BODY:
            content = content[: len(content) // 2]
            self.close_connection = True
        self._answer(answer.status, dict(answer.headers.items()), content, length)

    def _answer(self, status: int, headers: dict[str, str], body: bytes, length: int) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        for name, value in self.proxy.answer_headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = _forward

    def log_message(self, *_: object) -> None:
        pass
