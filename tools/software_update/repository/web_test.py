"""Tests of web.py."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from software_update.base.errors import InputError, UsageError
from software_update.repository.web import WebFolder


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = {"/a/x%20y": 200, "/a/cut": 200, "/a/gone": 404, "/a/hidden": 403}.get(
            self.path, 500
        )
        self.send_response(status)
        if self.path == "/a/cut":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"9\r\nhello")
            return
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def folder() -> Iterator[WebFolder]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield WebFolder(f"http://127.0.0.1:{server.server_port}/a/", 5)
        server.shutdown()


def test_object_is_read_up_to_the_limit(folder: WebFolder) -> None:
    found = folder.read("x y", 5)
    assert found is not None
    assert found.content == b"hello"
    with pytest.raises(InputError, match="larger than 4 bytes"):
        folder.read("x y", 4)


def test_absent_objects_and_failures(folder: WebFolder) -> None:
    for name in ("gone", "hidden"):
        assert folder.read(name, 5) is None
        with pytest.raises(FileNotFoundError):
            folder.open(name)
    with pytest.raises(InputError, match="/a/other: the server answers 500"):
        folder.read("other", 5)


def test_answer_that_ends_early_is_one_line(folder: WebFolder) -> None:
    with pytest.raises(InputError, match=r"/a/cut: the answer ends early \(IncompleteRead\)"):
        folder.read("cut", 100)


def test_server_that_is_not_there_is_one_line() -> None:
    with pytest.raises(
        InputError, match=r"http://127\.0\.0\.1:1/x: Connection refused; check the URL"
    ):
        WebFolder("http://127.0.0.1:1").read("x", 5)


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "http://[::1",
        "http://a:x",
        "http://a b/",
        "http://a/?b",
        "http://a/#b",
        "http://a/\n",
    ],
)
def test_url_that_is_not_valid_is_refused(url: str) -> None:
    with pytest.raises(
        UsageError, match=r"URL of the repository is not valid; write https://HOST/PATH"
    ):
        WebFolder(url)


def test_password_is_not_shown() -> None:
    assert WebFolder("https://user:secret@example.com/a").describe() == "https://example.com/a"
