"""Runs the command line: in a process of its own, as users do, or quickly, in this one."""

import contextlib
import contextvars
import dataclasses
import io
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from software_update.cli.main import main

TIMEOUT_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Result:
    """The exit status and output of a run."""

    status: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    """A small environment in which the package can be imported."""
    return {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **changes}


def python(*args: str) -> list[str]:
    """Returns this interpreter, with only the modules of this process: no site packages of the user."""
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


def call(*args: str | Path) -> Result:
    """As `run`, in this process."""
    out, err = io.StringIO(), io.StringIO()
    handler = signal.getsignal(signal.SIGTERM)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            # In a context of its own, as a process has: see files.read_arguments_file.
            context = contextvars.copy_context()
            status = context.run(main, [str(each) for each in args])
        except SystemExit as stop:
            assert isinstance(stop.code, int)
            status = stop.code
        finally:
            signal.signal(signal.SIGTERM, handler)
    return Result(status, out.getvalue(), err.getvalue())


def done(*args: str | Path) -> Result:
    """`call` of what must succeed."""
    result = call(*args)
    assert result.status == 0, result.err
    return result


def failed(status: int, *args: str | Path) -> str:
    """`call` of what must fail: exactly one line on standard error, without the prefix."""
    result = call(*args)
    assert (result.status, result.out) == (status, ""), result
    return error_line(result)


def error_line(result: Result) -> str:
    """The one line on standard error, without the prefix."""
    assert result.err.startswith("software-update: "), result.err
    assert result.err.endswith("\n"), result.err
    assert result.err[:-1].isprintable(), result.err
    return result.err[:-1].removeprefix("software-update: ")
