"""A server on loopback that serves one file by ranges, as told, for tests of the client."""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ETAG = '"one"'


@dataclass(frozen=True)
class Request:
    """A request: the path with its query, and all headers, in order."""

    path: str
    headers: tuple[tuple[str, str], ...]
    method: str = "GET"
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Returns a header's value; the name is in its usual spelling."""
        return dict(self.headers).get(name)

    @property
    def range(self) -> tuple[int, int] | None:
        """The range that it asks for, as first byte and the byte after the last."""
        found = re.fullmatch(r"bytes=([0-9]+)-([0-9]+)", self.header("Range") or "")
        return (int(found[1]), int(found[2]) + 1) if found else None


@dataclass(frozen=True)
class Answer:
    """An answer.

    `cut` is the number of bytes of the body after which the connection ends, `stall` seconds later.
    """

    status: int
    headers: dict[str, str]
    body: bytes = b""
    cut: int | None = None
    stall: float = 0

    def with_header(self, name: str, value: str | None) -> "Answer":
        """Returns the answer with another header, or without it."""
        kept = {key: text for key, text in self.headers.items() if key != name}
        return replace(self, headers=kept if value is None else {**kept, name: value})


@dataclass
class BundleServer:
    """The server's state, which tests change. `change` gets each request and its ordinary answer."""

    content: bytes
    port: int = 0
    etag: str | None = ETAG
    change: Callable[[Request, Answer], Answer] = lambda _, answer: answer
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/app.bundle") -> str:
        """Returns the URL of a file. All paths have the same content."""
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, request: Request) -> Answer:
        """Answers as a good server does."""
        headers = {} if self.etag is None else {"ETag": self.etag}
        asked, condition = request.range, request.header("If-Range")
        if asked is None or (condition is not None and condition != self.etag):
            return Answer(200, headers, self.content)
        first, end = asked
        size = len(self.content)
        if first >= size:
            return Answer(416, {**headers, "Content-Range": f"bytes */{size}"})
        body = self.content[first:end]
        place = f"bytes {first}-{first + len(body) - 1}/{size}"
        return Answer(206, {**headers, "Content-Range": place}, body)

    def has_been_asked_for(self, start: int, end: int) -> bool:
        """Returns whether a request's range has a byte of this one."""
        ranges = [each.range for each in self.requests]
        return any(each is None or (each[0] < end and start < each[1]) for each in ranges)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A client that goes on with the same connection waits for an answer's headers and body together.
    wbufsize = -1
    state: BundleServer

    def setup(self) -> None:
        super().setup()
        self.state.connections += 1

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = Request(self.path, tuple(self.headers.items()), self.command, body)
        self.state.requests.append(request)
        answer = self.state.change(request, self.state.answer(request))
        self.send_response_only(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body[: answer.cut])
        if answer.cut is not None:
            self.wfile.flush()
            time.sleep(answer.stall)
            self.close_connection = True

    do_POST = do_PUT = do_GET

    def log_message(self, *_: object) -> None:
        """Writes nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Ignores a client that goes away."""


@contextlib.contextmanager
def serve(content: bytes) -> Iterator[BundleServer]:
    """Serves a file on loopback."""
    state = BundleServer(content)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
