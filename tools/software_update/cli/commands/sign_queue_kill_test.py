"""Two signers at one queue, one of them killed: at each of its steps, and while its signing program runs."""

import contextlib
import dataclasses
import functools
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from software_update.cli.main import main
from software_update.signing import queue as queue_module
from software_update.signing.exec_protocol import PROTOCOL
from software_update.testing import queues, workspace
from software_update.testing.command import command, done, environment
from software_update.testing.signers import TARGETS_KEY

VERSIONS = (1, 2)
SIGN = ("sign", "--queue=queue", "--key=file:targets.pem", "--yes")
WAIT_SECONDS = 60
# What touches the share, and all that could leave something half done.
STEPS = ("open", "close", "stat", "fstat", "listdir", "mkdir", "write", "replace", "unlink", "read")


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with keys, which is the current one."""
    folder = workspace.make(tmp_path)
    monkeypatch.chdir(folder)
    return folder


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_call(number: int) -> None:
    """From now on, call `number` of a function of `os` kills this process before it is done, or half done."""
    count = itertools.count()

    def watch(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            if next(count) == number:
                if name == "write":
                    real(args[0], bytes(args[1])[: len(args[1]) // 2])
                die()
            return real(*args, **named)

        return call

    for name in STEPS:
        setattr(os, name, watch(name, getattr(os, name)))


def kill_at_line(number: int) -> None:
    """From now on, the line `number` of queue.py that is reached kills this process."""
    count = itertools.count()

    def trace(frame: Any, event: str, _: object) -> Any:
        if frame.f_code.co_filename != queue_module.__file__:
            return None
        if event == "line" and next(count) == number:
            die()
        return trace

    sys.settrace(trace)


def start(before: Callable[[], None] | None = None) -> int:
    """A signer as a process of its own; `before` prepares its end. Its id."""
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            if before:
                before()
            with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
                status = main(SIGN)
        finally:
            os._exit(status)
    return pid


def end_of(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def litter(queue: Path) -> set[Path]:
    """Counts the files that a killed signer may leave: hidden files with a documented name."""
    return set((queue / "signatures").glob(".software-update-*"))


def tidy(queue: Path) -> None:
    """Signs again, when what was left is old. Nothing else is to be in the queue then."""
    for path in litter(queue):
        os.utime(path, (0, 0))
    queues.signature(queue, VERSIONS[0]).unlink()
    done(*SIGN)
    queues.assert_signed(queue, VERSIONS)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The exit status of the killed signer, and the number of other files that it left."""

    status: int
    left: int


def play(queue: Path, kill: Callable[[], None], *, single: bool) -> Outcome:
    """One signer is killed, while another one is at work or not; and then another one looks."""
    queues.make(queue, VERSIONS)
    victim = start(kill)
    if not single:
        assert end_of(start()) == 0
    status = end_of(victim)
    assert status in (0, -signal.SIGKILL)
    for path in (queue / "signatures").glob("*.json"):
        assert path in {queues.signature(queue, version) for version in VERSIONS}
    for version in VERSIONS:
        assert queues.is_signed(queue, version) or not queues.signature(queue, version).exists()
    done(*SIGN)
    left = litter(queue)
    tidy(queue)
    shutil.rmtree(queue)
    return Outcome(status, len(left))


@pytest.mark.parametrize(("kill", "stride"), [(kill_at_call, 1), (kill_at_line, 7)])
def test_killed_at_each_step(folder: Path, kill: Callable[[int], None], stride: int) -> None:
    outcomes = []
    for step in itertools.count():
        kill_there = functools.partial(kill, step * stride)
        outcomes.append(play(folder / "queue", kill_there, single=True))
        if outcomes[-1].status == 0:
            break
    # Otherwise the instruments are out of order.
    assert len(outcomes) > 30
    assert {each.left for each in outcomes} == {0, 1}
    for step in range(len(outcomes)):
        kill_there = functools.partial(kill, step * stride)
        assert play(folder / "queue", kill_there, single=False).left <= 1


# An exec: signer that kills who asks it for one of the versions.
PROGRAM = """\
#!/bin/sh
export PYTHONPATH='{path}'
exec '{python}' -s -c '
import base64, json, os, signal, sys
from software_update.testing import signers
question = json.load(sys.stdin)
if question["version"] == {version}:
    os.kill(os.getppid(), signal.SIGKILL)
    sys.exit(1)
value = signers.signer({key}).sign(base64.b64decode(question["message"]))
print(json.dumps({{"protocol": "{protocol}", "signature": base64.b64encode(value).decode()}}))
'
"""


def popen(*args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(["sign", "--queue=queue", "--yes", *args]),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_killed_while_the_program_signs(folder: Path, version: int) -> None:
    queue = queues.make(folder / "queue", VERSIONS)
    path = folder / "a program"
    path.write_text(
        PROGRAM.format(
            path=environment()["PYTHONPATH"],
            python=sys.executable,
            version=version,
            key=TARGETS_KEY,
            protocol=PROTOCOL,
        )
    )
    path.chmod(0o755)
    arguments = (f"--key=exec:{path}", "--public=targets.pem.pub")
    with popen(*arguments) as killed:
        assert killed.wait(WAIT_SECONDS) == -signal.SIGKILL
    assert [queues.is_signed(queue, each) for each in VERSIONS] == [version > 1, False]
    with popen(*arguments) as one, popen("--key=file:targets.pem") as other:
        assert other.wait(WAIT_SECONDS) == 0
        # It may have found that all is signed.
        assert one.wait(WAIT_SECONDS) in (0, -signal.SIGKILL)
    queues.assert_signed(queue, VERSIONS)


def test_two_that_serve_and_are_killed(folder: Path) -> None:
    """While requests come in, copied piece by piece, one of two signers is killed and started again."""
    queue = queues.make(folder / "queue", [])
    serve = ("--serve", "--key=file:targets.pem")
    with contextlib.ExitStack() as stack:
        steady = stack.enter_context(popen(*serve))
        stack.callback(steady.kill)
        victim = stack.enter_context(popen(*serve))
        for version in range(1, 9):
            path = queue / f"{version}.signing_request"
            for content, end in ((queues.data(version), ""), (queues.document(version), ".json")):
                with open(f"{path}{end}", "wb", buffering=0) as file:
                    for byte in content:
                        file.write(bytes([byte]))
            time.sleep(0.2)
            victim.kill()
            victim.wait()
            victim = stack.enter_context(popen(*serve))
        stack.callback(victim.kill)
        deadline = time.monotonic() + WAIT_SECONDS
        while not all(queues.is_signed(queue, version) for version in range(1, 9)):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        for process in (steady, victim):
            process.terminate()
        assert steady.wait(WAIT_SECONDS) == 0
    for path in litter(queue):
        path.unlink()
    queues.assert_signed(queue, range(1, 9))
