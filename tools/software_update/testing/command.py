"""Runs the command line in a process of its own, as users do."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

TIMEOUT_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Result:
    """How a run ended, and what it said."""

    status: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    """A small environment in which the package can be imported."""
    return {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **changes}


def python(*args: str) -> list[str]:
    """This interpreter, with the modules of this process alone: no site packages of the user."""
    return [sys.executable, "-s", *args]


def command(args: Sequence[str | Path]) -> list[str]:
    """The command `software-update ARGS...`."""
    return python("-m", "software_update", *map(str, args))


def run(
    *args: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    umask: int = -1,
) -> Result:
    """Runs `software-update ARGS...` to its end."""
    done = subprocess.run(
        command(args),
        cwd=cwd,
        env=environment() if env is None else env,
        umask=umask,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())
