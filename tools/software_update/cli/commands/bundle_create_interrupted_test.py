"""Tests of bundle create when it is stopped, when the disk is full, and when a payload changes meanwhile."""

import itertools
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from software_update.testing import workspace
from software_update.testing.command import (
    command,
    done,
    environment,
)
from software_update.testing.workspace import (
    APP,
    create_args,
    snapshot,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


@pytest.mark.parametrize("size", [100_000, 3 * 1024**2, 20 * 1024**2])
def test_a_payload_that_is_written_to_meanwhile(folder: Path, size: int) -> None:
    """Either the payloads in the bundle match its metadata, or create makes no bundle."""
    source, bundle = folder / "app.bin", folder / "out.bundle"
    source.write_bytes(bytes(size))
    stopped = threading.Event()

    def write() -> None:
        with open(source, "r+b") as file:
            for turn in itertools.count(1):
                for offset in range(0, size, 65536):
                    os.pwrite(file.fileno(), bytes([turn % 256]) * 100, offset)
                    if stopped.is_set():
                        return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            done(*create_args(folder))
            done("bundle", "verify", bundle, f"--trusted-root={folder}/root.pb")
    finally:
        stopped.set()
        writer.join()


def without_warnings(err: bytes) -> list[bytes]:
    # Pigweed's client takes no such large target.
    return [line for line in err.splitlines() if b": warning: " not in line]


def test_terminated_half_way(folder: Path) -> None:
    """SIGTERM, as Bazel sends it, once the bundle is being written: nothing of it stays."""
    with open(folder / "large", "wb") as large:
        large.truncate(4 * 1024**3)
    before = {path.name for path in folder.iterdir()}
    args = [*create_args(folder), "--target", f"large={folder}/large"]
    process = subprocess.Popen(
        command(args), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 30
    written = 0
    while written < 1024**2 and time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        written = sum(path.stat().st_size for path in folder.glob(".software-update-*"))
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (143, b"")
    assert without_warnings(err) == []
    assert {path.name for path in folder.iterdir()} == before


def test_interrupted(folder: Path) -> None:
    with open(folder / "large", "wb") as large:
        large.truncate(4 * 1024**3)
    before = {path.name for path in folder.iterdir()}
    args = [*create_args(folder), "--target", f"large={folder}/large"]
    process = subprocess.Popen(command(args), env=environment(), stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not list(folder.glob(".software-update-*")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert without_warnings(err) == [b"software-update: interrupted"]
    assert {path.name for path in folder.iterdir()} == before


def test_a_full_disk(folder: Path) -> None:
    """A limit on the size of files stands for it: the kernel refuses the write in the same place."""
    for size, payload in ((300, APP), (100_000, bytes(2 * 1024**2))):
        (folder / "app.bin").write_bytes(payload)
        before = snapshot(folder)
        words = command(create_args(folder))
        ended = subprocess.run(
            ["prlimit", f"--fsize={size}", "--", *words],
            env=environment(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert ended.stderr.decode() == (f"software-update: {folder}/out.bundle: File too large\n")
        assert ended.returncode == 3
        assert snapshot(folder) == before
