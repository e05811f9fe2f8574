"""Tells a package that cannot be loaded from a fault of the tools."""

import os
import sys
from collections.abc import Iterator
from types import TracebackType

NEEDED = "cryptography>=43 and protobuf>=7.35.1,<8 and zstandard>=0.23,<1"

# Packages that not every installation has, and the extra of this package that brings each.
_EXTRAS = {"tuf": "repository", "urllib3": "client"}
_OURS = "software_update"
_PROTOBUF = "google"
_SETTING = "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"


def load_problem(error: BaseException, remedy: str | None = None) -> str | None:
    """The line of an error that comes from loading a package: missing, too old, broken.

    `remedy` says what to do. None if the error is about anything else.
    """
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
        return None
    frames = list(_frames(error.__traceback__))
    module = (isinstance(error, ImportError) and error.name) or frames[-1][0]
    package = module.partition(".")[0]
    loading = isinstance(error, ImportError) or "<module>" in [name for _, name in frames]
    if package == _OURS or not loading:
        return None
    text = " ".join(str(error).split()) or type(error).__name__
    package = "protobuf" if package == _PROTOBUF else package
    return f"{package}: {sys.executable} cannot load it ({text}); {remedy or _remedy(package)}"


def _frames(traceback: TracebackType | None) -> Iterator[tuple[str, str]]:
    """Module and function of each call, the innermost last."""
    while traceback:
        frame = traceback.tb_frame
        yield frame.f_globals.get("__name__", ""), frame.f_code.co_name
        traceback = traceback.tb_next


def _remedy(package: str) -> str:
    if package in _EXTRAS:
        return f"install the command with it: pip install '.[{_EXTRAS[package]}]'"
    unset = f"unset {_SETTING}, or " if _SETTING in os.environ else ""
    return f"{unset}install {NEEDED} for this Python"
