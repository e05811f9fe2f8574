"""Tests of the requests that the API reads, and of those that it rejects."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from software_update.client.shell.http_request import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    HttpError,
    Request,
    read_request,
    response,
)


def receiver(content: bytes, piece: int = 4096) -> Callable[[int], bytes]:
    """Returns a function that returns the content in pieces."""
    position = 0

    def receive(length: int) -> bytes:
        nonlocal position
        found = content[position : position + min(length, piece)]
        position += len(found)
        return found

    return receive


@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_request_is_read_in_whatever_pieces_it_comes(piece: int) -> None:
    content = (
        b"POST /v1/check?a=1&b= HTTP/1.1\r\nHost: device\r\ncontent-LENGTH: 2 \r\nX:\r\n\r\n{}"
    )
    assert read_request(receiver(content, piece)) == Request(
        "POST",
        "/v1/check",
        {"a": "1", "b": ""},
        {"host": "device", "content-length": "2", "x": ""},
        b"{}",
    )


def test_connection_that_sends_nothing_gives_none() -> None:
    assert read_request(receiver(b"")) is None


@pytest.mark.parametrize(
    ("content", "status", "text"),
    [
        (b"GET", 400, "ends before its head"),
        (b"GET /\r\n\r\n", 400, "does not begin with"),
        (b"get / HTTP/1.1\r\n\r\n", 400, "does not begin with"),
        (b"GET http://other/ HTTP/1.1\r\n\r\n", 400, "does not begin with"),
        (b"GET / HTTP/2\r\n\r\n", 400, "does not begin with"),
        (b"GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "does not begin with"),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "header of the request is not valid"),
        (b"GET / HTTP/1.1\r\n folded\r\n\r\n", 400, "header of the request is not valid"),
        (b"GET / HTTP/1.1\r\nA: 1\r\na: 2\r\n\r\n", 400, "the header a appears twice"),
        (b"GET /?a=1&a=2 HTTP/1.1\r\n\r\n", 400, "a member twice"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 501, "content-length"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "not a number"),
        (b"GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\n{}", 400, "ends before its body"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\n{}", 400, "longer than its content-length"),
        (b"GET / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), 413, "body"),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n", 431, "head"),
        (b"a" * (2 * MAX_HEAD_BYTES), 431, "head"),
    ],
)
def test_request_that_is_not_valid_is_rejected(content: bytes, status: int, text: str) -> None:
    with pytest.raises(HttpError, match=text) as caught:
        read_request(receiver(content))
    assert caught.value.status == status


@given(st.binary(max_size=200), st.integers(1, 64))
def test_any_bytes_give_a_request_or_one_error(content: bytes, piece: int) -> None:
    for begin in (b"", b"GET /", b"GET / HTTP/1.1\r\n"):
        try:
            read_request(receiver(begin + content, piece))
        except HttpError as error:
            assert "\n" not in str(error)


def test_path_is_not_taken_apart() -> None:
    request = read_request(receiver(b"GET //[a/../%2e HTTP/1.1\r\n\r\n"))
    assert request is not None
    assert request.path == "//[a/../%2e"


def test_response_has_its_length() -> None:
    assert response(200, "application/json", b"{}").endswith(b"Content-Length: 2\r\n\r\n{}")
    assert response(405, "application/json", b"", "GET").startswith(
        b"HTTP/1.1 405 Method Not Allowed\r\n"
    )
    assert b"\r\nAllow: GET\r\n" in response(405, "application/json", b"", "GET")
    assert b"Content-Length" not in response(200, "text/event-stream", None)
