"""The process of the command line: signals, streams and exit codes."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from software_update.cli.dispatch import PROGRAM, STANDARD_OUTPUT, fail, os_error, run_command

# The argument with which Bazel starts a persistent worker.
_WORKER = "--persistent_worker"

_EXIT_INPUT = 3
_EXIT_INTERRUPTED = 130
_EXIT_TERMINATED = 143
_EXIT_BROKEN_PIPE = 141


def run_process(argv: Sequence[str], remedy: str | None = None) -> NoReturn:
    """Runs one command, as `main` does, and ends the process with its exit code.

    Python looks for cycles of objects that nothing uses while it imports modules, and again when it ends.
    That takes a tenth of verifying a small bundle, and frees nothing that a command would use again.
    """
    gc.disable()
    status = main(argv, remedy)
    gc.freeze()  # The search at the end skips the objects that exist now.
    sys.exit(status)


def main(argv: Sequence[str], remedy: str | None = None) -> int:
    """Runs one command. 0: done; 1: refused; 2: wrong usage; 3: I/O, or a bad key or trusted file.

    `remedy` says what to do about a package that cannot be loaded; default: install it.
    """

    def run() -> int:
        if list(argv) == [_WORKER]:
            from software_update.cli.worker import serve

            return serve()
        return run_command(argv, remedy)

    return run_in_process(run, PROGRAM)


def run_in_process(run: Callable[[], int], program: str) -> int:
    """Runs a command with the signals and streams of a process. Returns its exit code.

    `program` is the name that errors begin with.
    """
    _hide_warnings()
    _replace_closed_streams()
    _escape_what_streams_cannot_encode()
    _show_progress()
    signal.signal(signal.SIGTERM, _terminate)
    try:
        try:
            return run()
        finally:
            _flush_output()
    except BrokenPipeError:
        # The reader of our output has closed it.
        return _EXIT_BROKEN_PIPE
    except OSError as error:
        return fail(os_error(error), _EXIT_INPUT, program)
    except KeyboardInterrupt:
        return fail("interrupted", _EXIT_INTERRUPTED, program)


def _show_progress() -> None:
    if sys.stderr.isatty():
        from software_update.base.progress import Progress

        Progress.terminal = sys.stderr


def _hide_warnings() -> None:
    """Hides warnings of packages, which are for developers, unless Python got -W."""
    if sys.warnoptions:
        return
    if "warnings" in sys.modules:
        sys.modules["warnings"].simplefilter("ignore")
    else:  # most commands never import it, and it reads this when they do
        sys.warnoptions.append("ignore")


def _replace_closed_streams() -> None:
    # Closed ones are None to Python, and the next file that is opened would take their place.
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def _escape_what_streams_cannot_encode() -> None:
    # A terminal may be ASCII, and a file name any bytes, which Python holds as surrogates.
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def _flush_output() -> None:
    try:
        sys.stdout.flush()
    except OSError as error:
        # Python would try again at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        error.filename = STANDARD_OUTPUT
        raise


def _terminate(_signal: int, _frame: object) -> NoReturn:
    # As an exception, so that half-written outputs are taken away.
    raise SystemExit(_EXIT_TERMINATED)
