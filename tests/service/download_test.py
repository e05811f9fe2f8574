"""Kills the real service while it downloads from a server, and counts the bytes that it fetches again."""

import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from software_update.testing import encode as e
from software_update.testing.bundle_server import Answer, Request, serve
from software_update.testing.short_folder import short_folder

from tests.service.killed_service import Device

MIB = 1 << 20
KIB = 1 << 10
# The server sends so many bytes of the download to each life of the service, and then no more.
SENT = (1_300_000, 900_000, 2_500_001, 70_000, 1_100_000)
SECONDS = 60.0


def contents(version: int) -> dict[str, bytes]:
    """Returns the targets of the release: two large files, and small ones before and after them."""
    numbers = random.Random(version)
    small = {f"app/lib/{number:02}": numbers.randbytes(60_000) for number in range(12)}
    return {
        **small,
        "app/main": numbers.randbytes(3_000_000),
        "data": numbers.randbytes(2_000_000),
        "version": b"%d" % version,
    }


class Server:
    """A server in a process of its own, which writes the range of each request into a file."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self._log = folder / "requests"
        self._port = folder / "port"
        self._rest = folder / "rest"
        self._content = content
        self._child = os.fork()
        if self._child == 0:
            self._serve()
        while not self._port.exists():
            time.sleep(0.01)
        self.url = f"http://127.0.0.1:{self._port.read_text(encoding='utf-8')}/app.bundle"

    def _serve(self) -> None:
        lives = iter(SENT)

        def answer(request: Request, usual: Answer) -> Answer:
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(request.range) + "\n")
            sent = next(lives, None) if len(usual.body) > 100 * KIB else None
            return usual if sent is None else replace(usual, cut=sent, stall=SECONDS)

        try:
            with serve(self._content) as server:
                server.change = answer
                beside = self._port.with_suffix(".new")
                beside.write_text(str(server.port), encoding="utf-8")
                beside.rename(self._port)
                signal.pause()
        finally:
            os._exit(9)

    def ranges(self) -> list[tuple[int, int]]:
        """Returns the ranges of all requests: first byte, and the byte after the last."""
        lines = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
        return [tuple(json.loads(line)) for line in lines]

    def stop(self) -> None:
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)


@pytest.fixture(name="folder")
def folder_fixture() -> Iterator[Path]:
    with short_folder() as made:
        yield made


def bytes_below(folder: Path) -> int:
    total = 0
    for each in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += each.stat().st_size if each.is_file() else 0
    return total


def wait_for(slot: Path, length: int) -> None:
    """Waits until a slot has so many bytes."""
    end = time.monotonic() + SECONDS
    while bytes_below(slot) < length:
        assert time.monotonic() < end, (bytes_below(slot), length)
        time.sleep(0.01)


def test_killed_download_fetches_at_most_a_mebibyte_again(folder: Path) -> None:
    bundle = e.bundle(contents(1), version=1)
    server = Server(folder, bundle)
    try:
        device = Device(folder, url=server.url, contents=contents)
        device.version = 1
        received, again = 0, []
        for sent in SENT:
            asked = len(server.ranges())
            with device.running():
                download = first_download(server, asked)
                # It reads 64 KiB at a time, and keeps up to as many in memory.
                wait_for(
                    folder / "slots" / "B", download + sent - 130 * KIB - (len(bundle) - total())
                )
            device.check()
            if received:
                again.append(repeated(server.ranges()[asked:], received))
            received = max(received, download + sent)
        asked = len(server.ranges())
        device.converge()
        again.append(repeated(server.ranges()[asked:], received))
        print(f"fetched again: {again}")
        assert device.floor == 1
        assert max(again) <= MIB
    finally:
        server.stop()


def total() -> int:
    return sum(map(len, contents(1).values()))


def first_download(server: Server, asked: int) -> int:
    """Waits for the request of the download, and returns its first byte."""
    end = time.monotonic() + SECONDS
    while True:
        for first, last in server.ranges()[asked:]:
            if last - first > 100 * KIB:
                return first
        assert time.monotonic() < end
        time.sleep(0.01)


def repeated(ranges: list[tuple[int, int]], received: int) -> int:
    """Returns how many of the first `received` bytes of the bundle were asked for."""
    return sum(max(0, min(last, received) - first) for first, last in ranges)
