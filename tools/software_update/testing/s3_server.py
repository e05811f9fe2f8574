"""An S3 server (moto) that tests start on this machine, and the settings of boto3 for it."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

# The program that Bazel makes; without Bazel, this Python has the package.
_PROGRAM = os.environ.get("MOTO_SERVER", "")
_SECONDS = 60

# Throw-away credentials, and nothing of the machine's own set-up.
SETTINGS = {
    "AWS_ACCESS_KEY_ID": "throw-away",
    "AWS_SECRET_ACCESS_KEY": "throw-away",
    "AWS_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "2",
    "NO_PROXY": "127.0.0.1",
}


def free_port() -> int:
    """Returns a port of the loopback interface that no program listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def endpoint(port: int) -> str:
    """Returns the URL of the server."""
    return f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def s3_server(log: Path) -> Iterator[int]:
    """Starts the server, and yields its port when it answers."""
    port = free_port()
    command = [os.path.abspath(_PROGRAM)] if _PROGRAM else [sys.executable, "-m", "moto.server"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "-H", "127.0.0.1", "-p", str(port)],
            stdout=output,
            stderr=output,
            env={**os.environ, **SETTINGS},
        )
    try:
        deadline = time.monotonic() + _SECONDS
        while not _answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()


def make_bucket(port: int, name: str) -> None:
    """Makes an empty bucket, whose objects everyone may read."""
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [{**allowed, "Resource": f"arn:aws:s3:::{name}/*"}],
    }
    _put(f"{endpoint(port)}/{name}", b"")
    _put(f"{endpoint(port)}/{name}?policy", json.dumps(policy).encode())


def _put(url: str, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, content, headers, method="PUT")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).close()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
