"""A Sigsum log and a Sigsum witness on loopback, with Debian's programs."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

_SECONDS = 30
# Debian builds the programs without Go's modules, which turns the patterns of their HTTP handlers off.
ENVIRONMENT = {"PATH": os.defpath, "GODEBUG": "httpmuxgo121=0"}


def call(folder: Path, *args: str | Path) -> str:
    """Runs a program of Sigsum, and returns its output."""
    done = subprocess.run(
        [*map(str, args)], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def vkey(folder: Path, name: str, *more: str) -> str:
    """Returns the key in the file NAME.pub in the form of a note's key."""
    return call(folder, "sigsum-key", "to-vkey", "-k", f"{name}.pub", *more)


@contextlib.contextmanager
def running(folder: Path, port: int, *args: str) -> Iterator[None]:
    """Runs a server on a port until the context ends."""
    with (folder / f"{args[0]}.log").open("wb") as output:
        server = subprocess.Popen(
            args, cwd=folder, env=ENVIRONMENT, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait(server, port)
            yield
        finally:
            server.terminate()
            server.wait(_SECONDS)


def witness(folder: Path, port: int, log_key: str) -> contextlib.AbstractContextManager[None]:
    """Runs a witness with the key `witness`, of the log with the public key file `log_key`."""
    keys = ("-k", "witness", "--log-key", log_key, "--state-file", "witness_state")
    return running(folder, port, "sigsum-witness", *keys, f"127.0.0.1:{port}")


def free_port() -> int:
    """Returns a port on which no server listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _SECONDS
    while server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"{server.args!r} does not listen on port {port}")
