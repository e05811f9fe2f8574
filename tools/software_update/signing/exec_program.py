"""Runs an untrusted program with limits on its time and output, and ends all that it started."""

import contextlib
import os
import selectors
import signal
import subprocess
import time

from software_update.base.errors import Advice, InputError, SignerUnusable, UsageError

_CHUNK_BYTES = 64 * 1024
_POLL_SECONDS = 0.02
# Variables that Bazel's launcher sets for the Python program that it starts, besides PYTHONPATH.
_BAZEL_VARIABLES = (
    "PYTHONSAFEPATH",
    "RUNFILES_DIR",
    "RUNFILES_MANIFEST_FILE",
    "RUNFILES_MANIFEST_ONLY",
)


def run_program(program: str, question: bytes, timeout: float, limit: int) -> tuple[int, bytes]:
    """Runs `program` with `question` on its standard input. Returns its status and standard output.

    The program has no terminal. When it ends, or after `timeout` seconds, its whole process group is
    killed. Raises SignerUnusable if the program cannot be started, and InputError if it does not end in
    time or prints more than `limit` bytes.
    """
    if os.name != "posix":
        raise UsageError(f"exec:{program}: only on Linux and macOS")
    try:
        process = subprocess.Popen(
            [program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
            bufsize=0,
            start_new_session=True,
        )
    except OSError as error:
        raise SignerUnusable(
            f"exec:{program}: cannot be started ({error.strerror}); name an executable program"
        ) from None
    try:
        output = _Conversation(process, question, limit).run(time.monotonic() + timeout)
    except _NoAnswer as problem:
        raise InputError(f"exec:{program}: {problem}") from None
    except TimeoutError:
        raise InputError(
            f"exec:{program}: no answer within {timeout:g} s", Advice.RAISE_TIMEOUT
        ) from None
    finally:
        _end(process)
    return process.returncode, output


def _environment() -> dict[str, str]:
    """Returns the environment without Bazel's variables, with which a Python program imports our packages."""
    found = dict(os.environ)
    folder, in_bazel, _ = __file__.partition(".runfiles/")
    if in_bazel:
        for name in _BAZEL_VARIABLES:
            found.pop(name, None)
        paths = found.pop("PYTHONPATH", "").split(os.pathsep)
        if kept := [path for path in paths if path and not path.startswith(f"{folder}.runfiles")]:
            found["PYTHONPATH"] = os.pathsep.join(kept)
    return found


class _NoAnswer(Exception):
    pass


class _Conversation:
    """Writes and reads at the same time, so neither side waits for the other."""

    def __init__(self, process: subprocess.Popen[bytes], question: bytes, limit: int) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin, self._stdout = process.stdin, process.stdout
        self._rest = memoryview(question)
        self._limit = limit
        self._output = bytearray()

    def run(self, deadline: float) -> bytes:
        """Returns the program's output, without waiting for processes that it left behind."""
        with selectors.DefaultSelector() as selector:
            for file, event in (
                (self._stdin, selectors.EVENT_WRITE),
                (self._stdout, selectors.EVENT_READ),
            ):
                os.set_blocking(file.fileno(), False)
                selector.register(file, event)
            while True:
                # Check this before reading its output: afterwards no more output comes.
                ended = self._process.poll() is not None
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                ready = [
                    key.fileobj
                    for key, _ in selector.select(0 if ended else min(left, _POLL_SECONDS))
                ]
                if self._stdin in ready and not self._write():
                    selector.unregister(self._stdin)
                    self._stdin.close()
                if self._stdout in ready and not self._read():
                    selector.unregister(self._stdout)
                elif ended and self._stdout not in ready:
                    return bytes(self._output)

    def _write(self) -> bool:
        """Writes a chunk. Returns whether there is more to write."""
        try:
            self._rest = self._rest[os.write(self._stdin.fileno(), self._rest[:_CHUNK_BYTES]) :]
        except BrokenPipeError:
            # A program may answer before it has read the whole question.
            return False
        return bool(self._rest)

    def _read(self) -> bool:
        """Reads a chunk. Returns whether there may be more to read."""
        chunk = os.read(self._stdout.fileno(), _CHUNK_BYTES)
        self._output += chunk
        if len(self._output) > self._limit:
            raise _NoAnswer(f"printed more than {self._limit} bytes; a signer prints one answer")
        return bool(chunk)


def _end(process: subprocess.Popen[bytes]) -> None:
    # The group has the id of the process. macOS reports EPERM if there are only zombies.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for file in (process.stdin, process.stdout):
        if file:
            file.close()
    process.wait()
