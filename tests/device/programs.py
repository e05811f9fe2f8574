"""Programs that the tests need on this computer."""

from __future__ import annotations

import functools
import shutil


@functools.cache
def program(name: str, package: str) -> str:
    """Returns the path of a program, which must be installed."""
    found = shutil.which(name)
    assert found, f"{name} is missing; {advice(package)}"
    return found


def advice(package: str) -> str:
    """Returns the end of an error about something that a Debian package contains."""
    return f"install it (Debian: apt-get install {package}), or use ./bazelw"
