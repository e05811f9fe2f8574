"""nginx on loopback, serving a folder; by default at a limited rate, compressed for those who accept it."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.device.programs import program

_SECONDS = 20
_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    log_format ranges '$status $body_bytes_sent $http_range';
    access_log {folder}/access.log ranges;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
    server {{
        listen 127.0.0.1:{idle_port};
        access_log off;
        return 204;
    }}
}}
"""
_SERVER = """
    gzip on;
    gzip_types *;
    gzip_min_length 1;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/www;
        limit_rate {rate};
    }}
"""


@dataclass(frozen=True)
class Sent:
    """An answer in nginx's log: status, bytes of the body, and the Range of the request."""

    status: int
    length: int
    range: str


class Nginx:
    """A server of the folder `www` below `folder`.

    `servers` are directives to use instead, with the fields {port}, {folder} and {rate}.
    """

    def __init__(self, folder: Path, servers: str = _SERVER) -> None:
        self._folder = folder
        self._servers = servers
        (folder / "www").mkdir(parents=True)
        self._port, self._idle_port = _free_ports()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, name: str) -> str:
        """Returns the URL of a file."""
        return f"http://127.0.0.1:{self._port}/{name}"

    def put(self, name: str, content: bytes) -> None:
        """Puts a file there, or replaces it."""
        path = self._folder / "www" / name
        beside = path.with_suffix(".new")
        beside.write_bytes(content)
        beside.replace(path)

    def start(self, rate: int = 0) -> None:
        """Starts nginx, and returns when it answers. `rate` is in bytes per second; 0 has no limit."""
        folder = str(self._folder)
        servers = self._servers.format(folder=folder, port=self._port, rate=rate)
        text = _CONFIGURATION.format(folder=folder, servers=servers, idle_port=self._idle_port)
        Path(folder, "nginx.conf").write_text(text)
        options = ["-p", folder, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]
        self._process = subprocess.Popen([program("nginx", "nginx"), *options])
        deadline = time.monotonic() + _SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self._port)).close()
                return
            except ConnectionRefusedError:
                assert self._process.poll() is None, (self._folder / "error.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.01)

    def stop(self) -> None:
        """Ends nginx at once, and all its connections."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log(self) -> list[Sent]:
        """Returns the answers that have been sent completely.

        nginx writes a line after the last byte of its answer, so a client may have the answer first.
        It has one process, which answers another request only after it has written the line.
        """
        if self._process:
            with socket.create_connection(("127.0.0.1", self._idle_port)) as idle:
                idle.sendall(b"GET / HTTP/1.0\r\n\r\n")
                assert idle.recv(1)
        lines = (self._folder / "access.log").read_text().splitlines()
        return [Sent(int(status), int(length), rest) for status, length, rest in map(_split, lines)]


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _split(line: str) -> tuple[str, str, str]:
    status, length, rest = line.split(" ", 2)
    return status, length, rest
