"""Programs of a real machine: the Programs of `system`."""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import IO

from software_update.client.system import ProgramResult, ProgramTimeout

MAX_OUTPUT_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 16
# Where the kernel cannot wake us at the program's end, we look so often, in seconds.
_POLL = 0.05


class MachinePrograms:
    """Runs programs without a shell. See `system.Programs`."""

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0
    ) -> ProgramResult:
        """See `system.Programs.run`.

        The program gets a process group of its own. It is done when it ends, even if a child that it left
        behind holds its output open.
        """
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            bufsize=0,
        )
        try:
            stdout, stderr = _exchange(process, stdin, time.monotonic() + timeout)
        except _TimeIsUp:
            raise ProgramTimeout(f"{argv[0]}: did not end within {timeout:g} seconds") from None
        finally:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        return ProgramResult(process.returncode, stdout, stderr)


class _TimeIsUp(Exception):
    """The program runs for too long."""


def _exchange(
    process: "subprocess.Popen[bytes]", stdin: bytes, deadline: float
) -> tuple[bytes, bytes]:
    """Writes the input and reads the outputs until the program ends. Raises _TimeIsUp."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    outputs = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    for fd in (process.stdin.fileno(), *outputs):
        os.set_blocking(fd, False)
    ended = _end_of(process)
    try:
        with selectors.DefaultSelector() as selector:
            for watched in (*outputs, *([] if ended is None else [ended])):
                selector.register(watched, selectors.EVENT_READ)
            selector.register(process.stdin, selectors.EVENT_WRITE)
            rest = memoryview(stdin)
            while process.poll() is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise _TimeIsUp
                for key, _ in selector.select(left if ended is not None else min(left, _POLL)):
                    if key.fileobj is process.stdin:
                        rest = _write(selector, process.stdin, rest)
                    elif key.fd in outputs and _read(key.fd, outputs[key.fd]) == 0:
                        selector.unregister(key.fd)
    finally:
        if ended is not None:
            os.close(ended)
    for fd, output in outputs.items():
        # A child that the program left behind may write for ever.
        while len(output) < MAX_OUTPUT_BYTES and _read(fd, output):
            pass
    stdout, stderr = outputs.values()
    return bytes(stdout), bytes(stderr)


def _end_of(process: "subprocess.Popen[bytes]") -> int | None:
    """Returns a descriptor that becomes readable when the program ends; None if the kernel has none."""
    try:
        return os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        return None


def _read(fd: int, output: bytearray) -> int | None:
    """Reads, and keeps the first MiB. Returns the number of bytes; 0 at the end, None if none are there."""
    try:
        content = os.read(fd, _CHUNK_BYTES)
    except BlockingIOError:
        return None
    output += content[: MAX_OUTPUT_BYTES - len(output)]
    return len(content)


def _write(selector: selectors.BaseSelector, stdin: IO[bytes], rest: memoryview) -> memoryview:
    """Writes as much of the input as fits, and closes it after the last byte. Returns the rest."""
    try:
        rest = rest[os.write(stdin.fileno(), rest) :]
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        rest = rest[:0]  # The program does not want the rest.
    if not rest:
        selector.unregister(stdin)
        stdin.close()
    return rest
