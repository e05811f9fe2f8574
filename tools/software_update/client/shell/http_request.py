"""Reads one HTTP/1.1 request from a socket, strictly and within limits, and makes responses.

Only what the service's API needs: no chunked bodies, no persistent connections (RFC 9112).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import parse_qsl

MAX_HEAD_BYTES = 8192
MAX_BODY_BYTES = 16384

_LINE = re.compile(rb"([A-Z]{1,16}) (/[!-~]{0,1000}) HTTP/1\.[01]")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
_END = b"\r\n\r\n"
_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


class HttpError(Exception):
    """A request that gets an answer with this status and text, one line."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """A request: method, path, and the members of its query. Names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


def read_request(receive: Callable[[int], bytes]) -> Request | None:
    """Reads a request; None if the other side sends nothing. Raises HttpError, and what `receive` raises.

    `receive` returns at most so many bytes, and none at the end.
    """
    received = b""
    while _END not in received:
        if len(received) > MAX_HEAD_BYTES:
            raise HttpError(431, f"the head of the request is longer than {MAX_HEAD_BYTES} bytes")
        chunk = receive(4096)
        if not chunk:
            if received:
                raise HttpError(400, "the request ends before its head does")
            return None
        received += chunk
    head, _, body = received.partition(_END)
    method, target, headers = _parse_head(head)
    length = _body_length(headers)
    while len(body) < length:
        chunk = receive(length - len(body))
        if not chunk:
            raise HttpError(400, "the request ends before its body does")
        body += chunk
    if len(body) > length:
        raise HttpError(400, "the request is longer than its content-length says")
    path, _, text = target.partition("?")
    query = parse_qsl(text, keep_blank_values=True)
    if len({name for name, _ in query}) < len(query):
        raise HttpError(400, "the query has a member twice")
    return Request(method, path, dict(query), headers, body)


def _parse_head(head: bytes) -> tuple[str, str, Mapping[str, str]]:
    if len(head) > MAX_HEAD_BYTES:
        raise HttpError(431, f"the head of the request is longer than {MAX_HEAD_BYTES} bytes")
    first, *lines = head.split(b"\r\n")
    line = _LINE.fullmatch(first)
    if not line:
        raise HttpError(400, "the request does not begin with a method, a path and HTTP/1.1")
    headers: dict[str, str] = {}
    for each in lines:
        field = _FIELD.fullmatch(each)
        if not field:
            raise HttpError(400, "a header of the request is not valid")
        name = field[1].decode().lower()
        if name in headers:
            raise HttpError(400, f"the header {name} appears twice")
        headers[name] = field[2].decode("latin-1")
    return line[1].decode(), line[2].decode(), headers


def _body_length(headers: Mapping[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise HttpError(501, "bodies need a content-length, not a transfer-encoding")
    text = headers.get("content-length", "0")
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise HttpError(400, "the content-length is not a number")
    if int(text) > MAX_BODY_BYTES:
        raise HttpError(413, f"the body is longer than {MAX_BODY_BYTES} bytes")
    return int(text)


def response(
    status: int,
    content_type: str,
    body: bytes | None,
    allow: str = "",
    headers: Mapping[str, str] = MappingProxyType({}),
) -> bytes:
    """Returns a response; with the body None, the head of one that ends with the connection."""
    lines = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        f"Content-Type: {content_type}",
        "Cache-Control: no-store",
        "Connection: close",
    ]
    if allow:
        lines.append(f"Allow: {allow}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")
