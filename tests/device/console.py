"""The console of a machine that QEMU emulates."""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import time

_SECONDS = 60


def run_machine(command: list[str], end: re.Pattern[bytes] | None = None) -> str:
    """Returns what a machine writes on its console until a match of `end`, or until QEMU ends; then ends it.

    QEMU does not always end when a machine powers off. Raises AssertionError with the console if a minute
    passes, or if QEMU ends without the match.
    """
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            assert process.stdout
            return _read(process.stdout.fileno(), end)
        finally:
            process.kill()


def _read(descriptor: int, end: re.Pattern[bytes] | None) -> str:
    console = b""
    deadline = time.monotonic() + _SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while end is None or not end.search(console):
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            text = console.decode(errors="replace")
            assert ready, f"the machine is still on after {_SECONDS} s:\n{text}"
            piece = os.read(descriptor, 65536)
            if not piece:
                assert end is None, f"QEMU ended too early:\n{text}"
                break
            console += piece
    return console.decode(errors="replace")
