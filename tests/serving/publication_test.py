"""Publishers that are killed after each step, and two at once, while clients of python-tuf read.

Each client sees the old releases or the new ones, never a mix. CLIENTS is the number of clients, and
STEPS the number of steps between two kills in a folder.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from software_update.testing.repositories import Release
from software_update.testing.s3_server import SETTINGS, endpoint, make_bucket, s3_server

from tests.device.nginx import Nginx
from tests.serving.killed_publishers import CONFLICT, DONE, KEPT
from tests.serving.many_clients import Client, World, all_look, clients

CLIENTS = int(os.environ.get("CLIENTS", "4"))
STEPS = int(os.environ.get("STEPS", "7"))
KILLED = -9
_SECONDS = 60


class Publishers:
    """The program `killed_publishers.py`."""

    def __init__(self, folder: Path, *place: str) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.serving.killed_publishers", str(folder), *place],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **SETTINGS, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert self._answer() == "ready"

    def start(self, release: Release, **stop: Any) -> int:
        """Starts a publisher, and returns its pid."""
        return self._ask({"version": release.version, "counter": release.counter, **stop})

    def wait(self, pid: int) -> int:
        """Waits for the end of a publisher, and returns its status."""
        return self._ask({"wait": pid})

    def run(self, release: Release, **stop: Any) -> int:
        """Returns the status of a publisher that has ended."""
        return self.wait(self.start(release, **stop))

    def run_until(self, release: Release, step: int) -> int:
        """Starts a publisher that waits after a step; returns its pid when it waits there."""
        for name in ("waiting", "go"):
            (self.folder / name).unlink(missing_ok=True)
        pid = self.start(release, stop=step, how="wait")
        deadline = time.monotonic() + _SECONDS
        while not (self.folder / "waiting").exists():
            assert time.monotonic() < deadline
            time.sleep(0.005)
        return pid

    def go_on(self, pid: int) -> int:
        """Lets a publisher that waits go on, and returns its status."""
        (self.folder / "go").touch()
        return self.wait(pid)

    def steps(self) -> int:
        """Returns the number of steps of the last publisher that came to its end."""
        return int((self.folder / "steps").read_text())

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _ask(self, command: dict[str, Any]) -> int:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        assert isinstance(answer, int)
        return answer

    def _answer(self) -> object:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "killed_publishers.py has ended; see its error above"
        return json.loads(line)


@dataclass
class Scene:
    """Publishers and clients of one repository, and the releases so far."""

    publishers: Publishers
    world: World
    clients: list[Client]
    distance: int
    count: int = 0

    def next(self, ending: str = "") -> Release:
        """Returns a release that is not published yet; with an ending, one beside the last."""
        self.count += not ending
        return Release(f"1.{self.count}{ending}", self.count)

    def publish(self, release: Release) -> None:
        """Publishes a release to its end."""
        self.world.begins(release)
        assert self.publishers.run(release) == DONE
        self.world.ends(release)


@contextlib.contextmanager
def scene(folder: Path, url: str, place: list[str], distance: int) -> Iterator[Scene]:
    publishers = Publishers(folder / "publisher", *place)
    world = World()
    try:
        root = (folder / "publisher/repository.root.json").read_bytes()
        with clients(world, CLIENTS, url, root, folder) as started:
            made = Scene(publishers, world, started, distance)
            made.publish(made.next())
            yield made
    finally:
        publishers.stop()


@pytest.fixture(name="in_folder")
def in_folder_fixture(tmp_path: Path) -> Iterator[Scene]:
    nginx = Nginx(tmp_path)
    nginx.start()
    try:
        with scene(tmp_path, nginx.url("")[:-1], [str(tmp_path / "www")], STEPS) as made:
            yield made
    finally:
        nginx.stop()


@pytest.fixture(name="in_s3")
def in_s3_fixture(tmp_path: Path) -> Iterator[Scene]:
    with s3_server(tmp_path / "log") as port:
        make_bucket(port, "lamps")
        place = ["s3://lamps/a prefix", endpoint(port)]
        with scene(tmp_path, f"{endpoint(port)}/lamps/a%20prefix", place, 1) as made:
            yield made


@pytest.fixture(name="made", params=["in_folder", "in_s3"])
def made_fixture(request: pytest.FixtureRequest) -> Scene:
    made: Scene = request.getfixturevalue(request.param)
    return made


def test_publisher_is_killed_after_each_step(made: Scene) -> None:
    made.publish(made.next())
    last = made.publishers.steps()
    assert last < KEPT
    for step in range(1, last + 1, made.distance):
        release = made.next()
        made.world.begins(release)
        assert made.publishers.run(release, stop=step, how="kill") == KILLED
        made.world.ends()
        all_look(made.world, made.clients)
        # The next publisher finishes it.
        made.publish(release)
    all_look(made.world, made.clients)


def test_second_publisher_in_a_folder_is_refused(in_folder: Scene) -> None:
    publishers, world = in_folder.publishers, in_folder.world
    in_folder.publish(in_folder.next())
    # Two releases a step: more would move some to the archive.
    distance = max(in_folder.distance, -(-publishers.steps() // (KEPT // 2 - 2)))
    for step in range(1, publishers.steps() + 1, distance):
        first, second = in_folder.next(), in_folder.next("-b")
        world.begins(first)
        pid = publishers.run_until(first, step)
        assert publishers.run(second) == CONFLICT
        assert publishers.go_on(pid) == DONE
        world.ends(first)
        in_folder.publish(second)
    all_look(world, in_folder.clients)


def test_slower_of_two_publishers_in_s3_publishes_nothing(in_s3: Scene) -> None:
    publishers, world = in_s3.publishers, in_s3.world
    in_s3.publish(in_s3.next())
    # The last step is the timestamp: after it the first publisher is the faster one.
    for step in range(1, publishers.steps()):
        first, second = in_s3.next(), in_s3.next("-b")
        pid = publishers.run_until(first, step)
        in_s3.publish(second)
        # Nothing of it is visible: clients may not see it yet.
        assert publishers.go_on(pid) == CONFLICT
        world.ends()
        all_look(world, in_s3.clients[:10])
        in_s3.publish(first)
    all_look(world, in_s3.clients)
