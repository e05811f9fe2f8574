"""A persistent worker: one process that runs many commands for Bazel, several at once.

Requests come as JSON objects, one to a line, on standard input, and are answered on standard output
(Bazel's worker protocol, https://bazel.build/remote/creating). A command does in a thread what it
does in a process of its own; nothing that one leaves behind is seen by another.
"""

import contextvars
import gc
import io
import json
import os
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TextIO

from software_update.cli.dispatch import run_command

# Bazel decides how many requests are under way; no more than these run at once.
_THREADS = 2 * (os.cpu_count() or 1)
_EXIT_FAULT = 1

_output: contextvars.ContextVar[io.StringIO | None] = contextvars.ContextVar("output")


class _OutputOfCommand(io.TextIOBase):
    """Puts a command's output into the answer to its request, and all other output into the worker's log."""

    def __init__(self, log: TextIO) -> None:
        self._log = log

    def write(self, text: str) -> int:
        output = _output.get(None)
        return (self._log if output is None else output).write(text)


def serve() -> int:
    """Answers requests until there are no more."""
    gc.enable()  # Unlike a command, this runs for days.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # Other output on standard output would be read as an answer.
    os.dup2(2, 1)
    sys.stdout = sys.stderr = _OutputOfCommand(sys.stderr)
    lock = threading.Lock()
    with ThreadPoolExecutor(_THREADS) as pool:
        for request in _requests(sys.stdin.buffer):
            pool.submit(_answer, request, answers, lock)
    return 0


def _requests(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    # As bytes: JSON is UTF-8, whatever the encoding of this process's standard input.
    for line in lines:
        request = json.loads(line)
        # Only asked of workers that say that they can; what is cancelled may as well be finished.
        if not request.get("cancel"):
            yield request


def _answer(request: dict[str, Any], answers: TextIO, lock: threading.Lock) -> None:
    # In a context of its own, so that it sees nothing of the request that this thread ran before.
    status, output = contextvars.copy_context().run(_run, request.get("arguments", []))
    answer = {"exitCode": status, "output": output, "requestId": request.get("requestId", 0)}
    with lock:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _run(arguments: list[str]) -> tuple[int, str]:
    """Exit code and output of one command."""
    output = io.StringIO()
    _output.set(output)
    try:
        status = run_command(arguments)
    except SystemExit as end:  # argparse, after --help
        status = end.code if isinstance(end.code, int) else _EXIT_FAULT
    except BaseException:  # a fault of ours: it must not take the other commands with it
        traceback.print_exc()
        status = _EXIT_FAULT
    return status, output.getvalue()
