"""One run of CI: its caches, its deadline, and the checks that passed and failed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import textwrap
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
MINUTES = 79


class CheckError(Exception):
    """A check failed; the text is what to show."""


class Stopped(BaseException):
    """A signal asked us to end."""


@dataclass
class Count:
    """The numbers of checks and tests that passed and failed so far."""

    passed: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Run:
    """The folder that one run of CI has all its caches in, and the environment that says so."""

    scratch: Path
    env: dict[str, str]
    deadline: float
    count: Count = field(default_factory=Count)

    def command(self, *argv: str | Path, cwd: Path = TOP, status: int = 0) -> str:
        """The output of a command, which must end with `status`."""
        shown = textwrap.shorten(" ".join(map(str, argv)), 200)
        with subprocess.Popen(
            argv,
            cwd=cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=max(1, self.deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                end_group(process)
                raise CheckError(f"{shown}\nstopped: CI takes {MINUTES} minutes at most") from None
            except BaseException:
                end_group(process)
                raise
        if process.returncode != status:
            raise CheckError(f"{shown}\n{output}\nended with {process.returncode}, not {status}")
        return output

    def bazel(self, *args: str) -> str:
        """Returns the output of `./bazelw ARGS...`."""
        return self.command("./bazelw", *args)

    def labels(self, query: str) -> list[str]:
        """The labels that a Bazel query gives."""
        lines = self.bazel("query", "--noshow_progress", query).splitlines()
        return [line for line in lines if line.startswith("//")]

    def tracked(self, *patterns: str) -> list[str]:
        """The files of the tree that match."""
        return self.command("git", "ls-files", "-z", "--", *patterns).split("\0")[:-1]


def end_group(process: subprocess.Popen[str]) -> None:
    """Ends a command with all that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=10)


def report(bad: list[str]) -> None:
    """Fails if there is anything to tell."""
    if bad:
        raise CheckError("\n".join(bad))


def perform(check: Callable[[Run], None], run: Run) -> None:
    """Runs one check and prints its line."""
    start = time.monotonic()
    print(f"{check.__name__:<18} ", end="", flush=True)
    before = Count(run.count.passed, run.count.failed)
    output = ""
    try:
        check(run)
    except CheckError as error:
        output = str(error)
    except Exception:  # A fault of the check itself is a failure too.
        output = traceback.format_exc()
    except Stopped:
        run.count.failed += 1
        print("stopped by a signal", flush=True)
        raise
    passed, failed = run.count.passed - before.passed, run.count.failed - before.failed
    tests = f"  {passed} tests passed, {failed} failed" if passed or failed else ""
    print(f"{'FAILED' if output else 'ok'}  {time.monotonic() - start:.0f} s{tests}", flush=True)
    if output:
        run.count.failed += 1
        print(output, flush=True)
    else:
        run.count.passed += 1
