"""Programs that the tests need on this computer."""

from __future__ import annotations

import functools
import os
import shutil


@functools.cache
def program(name: str, package: str) -> str:
    """Returns the path of a program, which must be installed."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    # Servers are in folders that are not on every PATH.
    found = shutil.which(name, path=os.pathsep.join([*folders, "/usr/sbin", "/sbin"]))
    assert found, f"{name} is missing; {advice(package)}"
    return found


def advice(package: str) -> str:
    """Returns the end of an error about something that a Debian package contains."""
    return f"install it (Debian: apt-get install {package}), or use ./bazelw"
