"""RAUC's own service, on a D-Bus of its own, with two slots that are files."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.device.programs import program

_SECONDS = 30


@dataclass(frozen=True)
class Rauc:
    """A running service, the environment variables with which `rauc` reaches it, and its process."""

    env: dict[str, str]
    pid: int = 0

    def status(self) -> dict[str, Any]:
        """Returns `rauc status` as JSON."""
        done = self._run("status", "--output-format=json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    def boot_status(self) -> dict[str, str]:
        """Returns RAUC's opinion of each slot, `good` or `bad`, by the boot loader's name of the slot."""
        slots = [slot for entry in self.status()["slots"] for slot in entry.values()]
        return {slot["bootname"]: slot["boot_status"] for slot in slots}

    def primary(self) -> str:
        """Returns the boot loader's name of the slot that RAUC expects to start next."""
        status = self.status()
        slots = {name: slot for entry in status["slots"] for name, slot in entry.items()}
        return str(slots[status["boot_primary"]]["bootname"])

    def mark(self, state: str, slot: str) -> None:
        """Runs `rauc status mark-STATE SLOT`; the slot is `booted` or `other`."""
        done = self._run("status", f"mark-{state}", slot)
        assert done.returncode == 0, done.stderr

    def answers(self) -> bool:
        """Returns whether the service has started."""
        return self._run("status").returncode == 0

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [program("rauc", "rauc"), *words]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)


@contextlib.contextmanager
def rauc_service(
    folder: Path, booted: str, system: Sequence[str], options: Sequence[str] = ()
) -> Iterator[Rauc]:
    """Starts RAUC's service with `booted` as the running slot, and ends it.

    `system` are lines for the section `[system]` of its configuration and for sections after it. Its runs of
    `fw_setenv` and `fw_printenv` get `options`, because it has no configuration for them.
    """
    folder.mkdir()
    programs = folder / "bin"
    programs.mkdir()
    if options:
        for name in ("fw_printenv", "fw_setenv"):
            words = shlex.join([program(name, "libubootenv-tool"), *options])
            (programs / name).write_text(f'#!/bin/sh\nexec {words} "$@"\n')
            (programs / name).chmod(0o755)
    (folder / "system.conf").write_text(_configuration(folder, system))
    env = os.environ | {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "DBUS_STARTER_BUS_TYPE": "session",
        "DBUS_SESSION_BUS_ADDRESS": f"unix:abstract=software_update_{secrets.token_hex(8)}",
    }
    bus = [program("dbus-daemon", "dbus-daemon"), "--session", "--nofork", "--nopidfile"]
    bus += ["--print-address", f"--address={env['DBUS_SESSION_BUS_ADDRESS']}"]
    service = [program("rauc", "rauc"), f"--conf={folder}/system.conf"]
    service += [f"--override-boot-slot={booted}", "service"]
    rauc = Rauc(env)
    with _process(folder / "bus.log", env, bus) as daemon:
        _wait(daemon, folder / "bus.log", (folder / "bus.log").read_text)
        with _process(folder / "rauc.log", env, service) as process:
            _wait(process, folder / "rauc.log", rauc.answers)
            yield replace(rauc, pid=process.pid)


def _configuration(folder: Path, system: Sequence[str]) -> str:
    """Returns RAUC's configuration of slots A and B, which are files of the folder."""
    lines = ["[system]", "compatible=board", *system]
    for number, name in enumerate("AB"):
        (folder / f"slot_{name}").write_bytes(bytes(4096))
        lines += [f"[slot.rootfs.{number}]", "type=raw", f"bootname={name}"]
        lines += [f"device={folder}/slot_{name}"]
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def _process(
    log: Path, env: Mapping[str, str], command: list[str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Starts a process, and ends it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], log: Path, ready: Callable[[], object]) -> None:
    """Waits until a process is ready. Raises AssertionError with its output if it ends, or takes too long."""
    deadline = time.monotonic() + _SECONDS
    while not ready():
        text = log.read_text(errors="replace")
        assert process.poll() is None, f"it ended with {process.returncode}:\n{text}"
        assert time.monotonic() < deadline, f"it is not ready after {_SECONDS} s:\n{text}"
        time.sleep(0.02)
