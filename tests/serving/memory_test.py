"""The memory of the service while it downloads a bundle from a repository behind nginx, and installs it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from software_update.client.state import Detail
from software_update.testing.repositories import Release, RepositoryFolder
from software_update.testing.short_folder import short_folder

from tests.service.measure import RUN, ask, configure, memory
from tests.serving.served import Served, serving

MIB = 1 << 20
GOAL_KIB = 64 * 1024
# More than is left of the goal, so that a client that keeps what it reads exceeds it.
ROOTFS = os.urandom(MIB) * int(os.environ.get("ROOTFS_MIB", "40"))
SECONDS = 600


def publish(repository: RepositoryFolder) -> None:
    repository.now = int(time.time())
    repository.refresh()
    repository.add(Release("2.0", 2, {"rootfs": ROOTFS}))
    repository.rollout("2.0", (100, repository.now))


@pytest.fixture(name="served")
def served_fixture(tmp_path: Path) -> Iterator[Served]:
    # The page's limit of the rate would make the test take a minute.
    with serving(tmp_path, publish, **{"limit_rate 2m;": ""}) as served:
        yield served


@pytest.fixture(name="folder")
def folder_fixture() -> Iterator[Path]:
    with short_folder() as folder:
        yield folder


def until_finished(folder: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        assert process.poll() is None
        status = ask(folder, "status")
        if status["detail"] == Detail.FINISHED.value:
            return
        assert time.monotonic() < deadline, status
        time.sleep(0.1)


def test_service_needs_at_most_64_mib(
    served: Served, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = f"""
        type = "repository"
        url = "{served.url}"
        root = "{served.repository.root}"
        product = "meter"
        channel = "stable"
    """
    configure(folder, served.repository.product_root, source)
    command = [sys.executable, "-c", RUN, "run", "--config", str(folder / "client.toml")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, env=environment)
    try:
        while not (folder / "socket").exists():
            assert process.poll() is None
            time.sleep(0.05)
        before = memory(process.pid, "VmRSS")
        ask(folder, "policy", {"preset": "auto-all"})
        ask(folder, "check", {})
        until_finished(folder, process)
        most = memory(process.pid, "VmHWM")
    finally:
        process.terminate()
        process.wait()
    assert (folder / "slots/B/rootfs").stat().st_size == len(ROOTFS)
    with capsys.disabled():
        print(f"\nidle {before / 1024:.1f} MiB, at most {most / 1024:.1f} MiB", end=" ")
    assert most <= GOAL_KIB
