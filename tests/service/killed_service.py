"""A service on a real file system, in a process that can be killed at any moment, and its invariants.

The device is an application in folders, which a link chooses. Its source is a file, which is replaced by
newer and newer releases. The process is forked, so that each start takes milliseconds.
"""

import contextlib
import functools
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from software_update.client import history
from software_update.client.config import Config, parse_config
from software_update.client.record import PLACE_BYTES, decode
from software_update.client.shell.build import build_client, machine
from software_update.client.shell.callers import this_process
from software_update.client.shell.clock import MachineClock
from software_update.client.shell.control import Control
from software_update.client.shell.files import MachineStorage
from software_update.client.shell.serve import serve
from software_update.client.state import Detail, State
from software_update.testing import encode as e

# The first check comes at once, and the next ones in less than a second.
_SOON = 0.02
_CONVERGED_SECONDS = 60.0


class QuickClock(MachineClock):
    """The clocks of this machine, and numbers that are the least random ones."""

    def random(self) -> float:
        return _SOON


@functools.cache
def contents_of(version: int) -> dict[str, bytes]:
    """Returns the targets of a release: a large file and two small ones."""
    large = random.Random(version).randbytes(1_500_000 + version)
    return {
        "app/main": large,
        "app/lib": f"library {version}\n".encode(),
        "version": b"%d" % version,
    }


class Device:
    """The files of the device.

    `url` is that of the bundle, which is otherwise a file. `contents` returns the targets of a version, and
    `killed` counts the kills.
    """

    def __init__(
        self,
        folder: Path,
        preset: str = "auto-all",
        url: str = "",
        contents: Callable[[int], Mapping[str, bytes]] = contents_of,
    ) -> None:
        self.folder = folder
        self._contents = contents
        self.version = 0
        self.floor = 0
        self.killed = 0
        slots, bundle = folder / "slots", folder / "update.bundle"
        for slot in "AB":
            (slots / slot).mkdir(parents=True, exist_ok=True)
        (slots / "current").symlink_to("A")
        self.bundle = bundle
        (folder / "root.pb").write_bytes(e.signed(e.root(), e.ROOT_KEY))
        source = f'type = "http"\nurl = "{url}"' if url else f'type = "file"\npath = "{bundle}"'
        restart = folder / "restart"
        restart.write_text("#!/bin/sh\n", encoding="utf-8")
        restart.chmod(0o755)
        self.config: Config = parse_config(
            f"""
            vendor = "Example"
            state = "{folder}/state"
            [check]
            interval = "1s"
            first_retry = "1s"
            longest_retry = "1s"
            [socket]
            path = "{folder}/socket"
            [domains.main]
            root = "{folder}/root.pb"
            slots = ["A", "B"]
            restart = ["{restart}"]
            [[domains.main.sources]]
            {source}
            [[domains.main.installers]]
            type = "directory"
            targets = ["*"]
            slots = {{ A = "{slots}/A", B = "{slots}/B" }}
            [domains.main.boot]
            type = "directory"
            link = "{slots}/current"
            slots = {{ A = "{slots}/A", B = "{slots}/B" }}
            """,
            "client.toml",
        )
        self._set_preset(preset)

    def _set_preset(self, preset: str) -> None:
        storage = MachineStorage()
        client = build_client(self.config, replace(machine(), storage=storage))
        client.start()
        Control(client, self.config.approvers).set_preset(this_process(), preset)
        storage.unlock()

    def offer(self, version: int) -> None:
        """Replaces the bundle."""
        beside = self.folder / "new.bundle"
        beside.write_bytes(e.bundle(self._contents(version), version=version))
        beside.rename(self.bundle)
        self.version = version

    @contextlib.contextmanager
    def running(self, prepare: Callable[[], None] = lambda: None) -> Iterator[int]:
        """Starts the service in a process of its own, and kills it at the end.

        `prepare` runs first in that process.
        """
        child = os.fork()
        if child == 0:
            self._serve(prepare)
        try:
            yield child
        finally:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), (self.folder / "errors").read_text(encoding="utf-8")
        self.killed += 1

    def _serve(self, prepare: Callable[[], None]) -> None:
        try:
            prepare()
            system = replace(machine(), clock=QuickClock())
            serve(
                self.config,
                system,
                lambda on_change, on_progress: build_client(
                    self.config, system, on_change, on_progress
                ),
                {},
            )
        except BaseException:
            with (self.folder / "errors").open("w", encoding="utf-8") as file:
                traceback.print_exc(file=file)
        finally:
            sys.stdout.flush()
            os._exit(9)

    def kill_after(self, seconds: float) -> None:
        """Lets the service run for a while."""
        with self.running():
            time.sleep(seconds)

    def state(self) -> State:
        """Returns the state in the record."""
        place = self.folder / "state" / "record"
        content = place.read_bytes() if place.exists() else b""
        records = [decode(content[start : start + PLACE_BYTES]) for start in (0, PLACE_BYTES)]
        found = max(
            (each for each in records if each), key=lambda each: each.sequence, default=None
        )
        return found.state if found else State()

    def check(self) -> None:
        """Checks the invariants, which hold whenever the service was killed."""
        assert not (self.folder / "errors").exists()
        current = self.folder / "slots" / "current"
        # The link leads to a whole release, or to the slot of the factory, which is empty.
        assert self._release_in(current) is not None, os.readlink(current)
        state = self.state()
        floor = state.domain("main").floor
        version = floor.targets_version if floor else 0
        assert version >= self.floor
        self.floor = version
        for slot, known in state.domain("main").slots.items():
            assert self._release_in(self.folder / "slots" / slot) == known.targets_version
        history.verify(machine().storage, str(self.folder / "state"), state.history)

    def _release_in(self, slot: Path) -> int | None:
        """Returns the version of the release in a slot; 0 for an empty slot, None for half a release."""
        files = {str(each.relative_to(slot)): each for each in slot.rglob("*") if each.is_file()}
        if not files:
            return 0
        if "version" not in files:
            return None
        version = int(files["version"].read_bytes() or b"0")
        found = {name: path.read_bytes() for name, path in files.items()}
        return version if found == self._contents(version) else None

    def converge(self) -> None:
        """Lets the service run until it has installed the newest release."""
        with self.running():
            end = time.monotonic() + _CONVERGED_SECONDS
            while not self._is_newest():
                assert time.monotonic() < end, self.state()
                time.sleep(0.02)
        self.check()

    def _is_newest(self) -> bool:
        state = self.state()
        floor = state.domain("main").floor
        done = state.detail in (Detail.FINISHED, Detail.IDLE)
        return done and floor is not None and floor.targets_version == self.version
