"""Compares two contents with the program diffoscope, if it is installed.

It reads hostile contents with many other programs. So it gets a folder of its own, and limits of its time and
output, and all processes that it started end with it.
"""

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from software_update.disclosure.lines import Unreadable

PROGRAM = "diffoscope"
TIMEOUT_SECONDS = 30.0
MAX_OUTPUT_BYTES = 256 * 1024

_CHUNK_BYTES = 64 * 1024
# The names of the two files come first, each on its own line.
_HEADER_LINES = 2
_EQUAL, _DIFFERENT = 0, 1
_TOO_SLOW = f"{PROGRAM} took too long"


def find_diffoscope() -> str | None:
    """Returns the path of the installed program; None if there is none that this system can end."""
    return shutil.which(PROGRAM) if os.name == "posix" else None


def diffoscope_lines(
    program: str, name: str, contents: Iterable[bytes], timeout: float = TIMEOUT_SECONDS
) -> list[str]:
    """Returns the lines that `program` prints about two contents, the old and the new one.

    `name` is a valid target name, whose end may tell the program the format. Raises Unreadable if the program
    fails, takes more than `timeout` seconds, or prints more than 256 KiB.
    """
    last = name.rpartition("/")[2]
    with tempfile.TemporaryDirectory(prefix="software-update-") as folder:
        paths = []
        for which, content in zip(("old", "new"), contents, strict=True):
            path = Path(folder, which, last)
            path.parent.mkdir()
            path.write_bytes(content)
            paths.append(os.path.join(which, last))
        Path(folder, "tmp").mkdir()
        output, status = _run([program, "--text", "-", "--no-progress", *paths], folder, timeout)
    if status not in (_EQUAL, _DIFFERENT):
        raise Unreadable(f"{PROGRAM} failed")
    return output.decode(errors="replace").removesuffix("\n").split("\n")[_HEADER_LINES:]


def _run(arguments: list[str], folder: str, timeout: float) -> tuple[bytes, int]:
    """Returns the standard output of a program that runs in `folder`, and its exit code."""
    environment = {
        "HOME": folder,
        "LC_ALL": "C.UTF-8",
        "PATH": os.environ.get("PATH", os.defpath),
        "TMPDIR": os.path.join(folder, "tmp"),
    }
    try:
        process = subprocess.Popen(
            arguments,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as error:
        raise Unreadable(f"{PROGRAM} cannot be started ({error.strerror})") from None
    with process, _ending(process):
        deadline = time.monotonic() + timeout
        output = _output(process, deadline)
        try:
            return output, process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise Unreadable(_TOO_SLOW) from None


@contextlib.contextmanager
def _ending(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ends the process, and all that it started, whatever happens."""
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _output(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    assert process.stdout is not None
    found = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(process.stdout.fileno(), _CHUNK_BYTES)
            if not chunk:
                return bytes(found)
            found += chunk
            if len(found) > MAX_OUTPUT_BYTES:
                raise Unreadable(f"{PROGRAM} printed more than {MAX_OUTPUT_BYTES} bytes")
    raise Unreadable(_TOO_SLOW)
