"""Tests of HTTP on a real machine, with servers on loopback."""

import builtins
import contextlib
import datetime
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from software_update.client.shell.network import NetworkError, UrllibNetwork
from software_update.client.system import Network
from software_update.testing.bundle_server import Answer, BundleServer, serve

CONTENT = bytes(range(256)) * 1000
RANGE = {"Range": "bytes=0-9999"}
SECRET_PLACE = "/a?key=s3cret"


@pytest.fixture(name="server")
def server_fixture() -> Iterator[BundleServer]:
    with serve(CONTENT) as server:
        yield server


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def error_of(act: Callable[[], object]) -> str:
    with pytest.raises(NetworkError) as caught:
        act()
    text = str(caught.value)
    assert ("\n" in text, "s3cret" in text) == (False, False)
    return text


def read_all(response: Any) -> bytes:
    return b"".join(iter(lambda: response.read(700), b""))


def test_response_has_status_headers_and_body(server: BundleServer) -> None:
    network: Network = UrllibNetwork()
    response = network.get(server.url(), {"Range": "bytes=10-1009"})
    assert response.status == 206
    assert response.headers["content-range"] == f"bytes 10-1009/{len(CONTENT)}"
    assert len(response.read(100)) == 100
    assert read_all(response) == CONTENT[110:1010]
    assert response.read(10) == b""
    response.close()


def test_only_the_given_headers_are_sent(server: BundleServer) -> None:
    UrllibNetwork().get(server.url(), {"X-A": "b"})
    UrllibNetwork().get(server.url(), {"User-Agent": "me", "accept-encoding": "identity"})
    host = ("Host", f"127.0.0.1:{server.port}")
    first, second = server.requests
    assert set(first.headers) == {host, ("X-A", "b")}
    assert set(second.headers) == {host, ("User-Agent", "me"), ("accept-encoding", "identity")}


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_request_with_a_body(server: BundleServer, method: str) -> None:
    response = UrllibNetwork().send(method, server.url("/a"), {"X-A": "b"}, b"content")
    assert response.status == 200
    [request] = server.requests
    assert (request.method, request.path, request.body) == (method, "/a", b"content")
    host = ("Host", f"127.0.0.1:{server.port}")
    assert set(request.headers) == {host, ("X-A", "b"), ("Content-Length", "7")}


def test_body_is_returned_as_it_was_sent(server: BundleServer) -> None:
    server.change = lambda _, answer: replace(
        answer.with_header("Content-Encoding", "gzip"), body=b"not gzip"
    )
    response = UrllibNetwork().get(server.url(), {})
    assert (response.headers["content-encoding"], read_all(response)) == ("gzip", b"not gzip")


def test_redirects_and_errors_are_answers(server: BundleServer) -> None:
    for status in (302, 404, 503):
        server.change = lambda _, answer, status=status: Answer(  # type: ignore[misc]
            status, {"Location": "/b", "Retry-After": "5"}
        )
        response = UrllibNetwork().get(server.url(), {})
        assert (response.status, response.headers["retry-after"]) == (status, "5")
    assert len(server.requests) == 3


def test_connection_is_used_again_after_the_end_of_a_body(server: BundleServer) -> None:
    network = UrllibNetwork()
    for _ in range(3):
        response = network.get(server.url(), RANGE)
        read_all(response)
        response.close()
    assert server.connections == 1
    network.get(server.url(), RANGE).close()
    network.get(server.url(), RANGE).close()
    assert server.connections == 2


def test_read_does_not_wait_for_more_than_has_arrived() -> None:
    """Otherwise a server that sends a byte now and then would not be noticed."""
    more = threading.Event()
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", more) as url:
        response = UrllibNetwork(read_seconds=0.5).get(url, {})
        assert response.read(10) == b"abc"
        more.set()
        assert "the connection was cut" in error_of(lambda: response.read(10))


def test_chunks_are_joined(server: BundleServer) -> None:
    answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    with raw_server(answer) as url:
        assert read_all(UrllibNetwork().get(url, {})) == b"abcde"


def test_header_that_appears_twice_has_both_values() -> None:
    with raw_server(b"HTTP/1.1 204 No\r\nETag: a\r\nETag: b\r\n\r\n") as url:
        assert UrllibNetwork().get(url, {}).headers["etag"] == "a, b"


@pytest.mark.parametrize("cut", [0, 1, 5000])
def test_body_that_ends_early_is_an_error(server: BundleServer, cut: int) -> None:
    server.change = lambda _, answer: replace(answer, cut=cut)
    response = UrllibNetwork().get(server.url(), RANGE)
    assert error_of(lambda: read_all(response)) == "the connection was cut"
    response.close()


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 20", b"nonsense\r\n\r\n", b"HTTP/1.1 -5 X\r\n\r\n"]
)
def test_answer_that_is_not_http_is_an_error(answer: bytes) -> None:
    with raw_server(answer) as url:
        assert error_of(lambda: UrllibNetwork().get(url, {})) == "the connection was cut"


def test_server_that_is_silent_is_an_error() -> None:
    wait = threading.Event()
    with raw_server(b"HTTP/1.1 200 OK\r\n", wait) as url:
        network = UrllibNetwork(read_seconds=0.05)
        assert error_of(lambda: network.get(url, {})) == "no answer in time"
        wait.set()


@pytest.mark.parametrize("secure", [False, True])
def test_server_that_sends_a_header_now_and_then_is_an_error(tmp_path: Path, secure: bool) -> None:
    """It is never silent for long, and would hold the client for days."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    write_certificate(key, certificate)
    with dripping_server(key, certificate if secure else None) as place:
        network = UrllibNetwork(ca_file=str(certificate), header_seconds=0.3)
        assert error_of(lambda: network.get(place, {})) == "no answer in time"


def test_body_may_take_longer_than_the_headers(server: BundleServer) -> None:
    UrllibNetwork().get(server.url(), RANGE)
    limits = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    assert all(each.finished.is_set() for each in limits)


def test_server_that_is_not_there_is_an_error() -> None:
    network = UrllibNetwork()
    assert error_of(lambda: network.get(f"http://127.0.0.1:1{SECRET_PLACE}", {})) == (
        "Connection refused"
    )


def test_name_that_cannot_be_resolved_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert error_of(lambda: UrllibNetwork().get(f"http://updates.example{SECRET_PLACE}", {})) == (
        "the name of the host cannot be resolved"
    )


def test_url_that_the_library_rejects_is_an_error() -> None:
    error_of(lambda: UrllibNetwork().get(f"http://{'a' * 70}.example{SECRET_PLACE}", {}))


def test_missing_library_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def fail(name: str, *rest: Any) -> Any:
        if name == "urllib3":
            raise ImportError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", fail)
    line = "urllib3 is missing; install rules_software_update[client]"
    assert error_of(lambda: UrllibNetwork().get("http://127.0.0.1:1/", {})) == line
    assert UrllibNetwork().check() == [line]


def test_configuration_is_checked(tmp_path: Path) -> None:
    assert UrllibNetwork().check() == []
    file = tmp_path / "ca.pem"
    network = UrllibNetwork(ca_file=str(file))
    assert network.check() == [f"{file}: No such file or directory; correct ca_file"]
    file.write_bytes(b"nonsense")
    assert network.check() == [f"{file}: contains no certificates in PEM; correct ca_file"]
    assert "correct ca_file" in error_of(lambda: network.get("https://127.0.0.1:1/", {}))


def test_proxy_of_the_configuration_gets_all_requests(server: BundleServer) -> None:
    network = UrllibNetwork(proxy=f"http://me:s3cret@127.0.0.1:{server.port}")
    assert network.get("http://updates.example/a?b", {"Accept": "*/*"}).status == 200
    (request,) = server.requests
    assert request.path == "http://updates.example/a?b"
    assert dict(request.headers) == {
        "Host": "updates.example",
        "Accept": "*/*",
        "proxy-authorization": "Basic bWU6czNjcmV0",
    }
    # The server does not know CONNECT.
    assert error_of(lambda: network.get("https://updates.example/a", {})) == (
        "the proxy: it does not connect"
    )


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy"])
def test_proxy_of_the_environment(
    server: BundleServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, f"127.0.0.1:{server.port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    network = UrllibNetwork()
    network.get("http://updates.example/a", {})
    network.get(server.url("/direct"), {})
    assert [each.path for each in server.requests] == ["http://updates.example/a", "/direct"]


def test_bad_proxy_is_an_error() -> None:
    for proxy, line in (
        ("socks5://127.0.0.1:1", "the proxy's URL is not valid; correct it"),
        ("http://127.0.0.1:1", "the proxy: Connection refused"),
    ):
        network = UrllibNetwork(proxy=proxy)
        assert error_of(lambda: network.get("http://a.example/s3cret", {})) == line  # noqa: B023


def test_certificates_are_checked(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    write_certificate(key, certificate)
    with https_server(key, certificate) as port:
        good = UrllibNetwork(ca_file=str(certificate))
        assert read_all(good.get(f"https://localhost:{port}{SECRET_PLACE}", {})) == b"over TLS"
        assert error_of(lambda: UrllibNetwork().get(f"https://localhost:{port}/", {})) == (
            "the certificate of the server is not valid: self-signed certificate"
        )
        assert re.fullmatch(
            r"the certificate of the server is not valid: .*127.0.0.1.*",
            error_of(lambda: good.get(f"https://127.0.0.1:{port}/", {})),
        )
    with serve(b"") as plain:
        url = plain.url().replace("http:", "https:")
        assert error_of(lambda: good.get(url, {})).startswith("TLS failed: ")


def raw_server(answer: bytes, more: threading.Event | None = None) -> "RawServer":
    return RawServer(answer, more)


class RawServer:
    """A server that answers one connection with these bytes, and closes it; after `more`, if given."""

    def __init__(self, answer: bytes, more: threading.Event | None) -> None:
        self._answer = answer
        self._more = more
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}{SECRET_PLACE}"

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            connection.recv(10_000)
            connection.sendall(self._answer)
            if self._more:
                self._more.wait(30)

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._socket.close()


@contextlib.contextmanager
def dripping_server(key: Path, certificate: Path | None) -> Iterator[str]:
    """A server that sends one byte of a header after the other, as long as the client stays."""

    def serve_one() -> None:
        connection, _ = listening.accept()
        with contextlib.suppress(OSError):
            if certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate, key)
                connection = context.wrap_socket(connection, server_side=True)
            connection.recv(10_000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-A: ")
            while True:
                connection.sendall(b"a")
                time.sleep(0.02)
        connection.close()

    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve_one, daemon=True)
    thread.start()
    scheme = "https" if certificate else "http"
    yield f"{scheme}://localhost:{listening.getsockname()[1]}/"
    thread.join()
    listening.close()


def write_certificate(key: Path, certificate: Path) -> None:
    """Writes a certificate for localhost that signs itself, and its throw-away key."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    certificate.write_bytes(signed.public_bytes(pem))
    key.write_bytes(
        secret.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


class https_server:
    """A server that answers each request over TLS."""

    def __init__(self, key: Path, certificate: Path) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response_only(200)
                self.end_headers()
                self.wfile.write(b"over TLS")

            def log_message(self, *_: object) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    def __enter__(self) -> int:
        self._thread.start()
        return self._server.server_address[1]

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
