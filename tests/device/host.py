"""This computer as the client's machine, as far as boot control uses one: programs and files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from software_update.client.system import (
    Clock,
    File,
    Network,
    ProgramResult,
    ProgramTimeout,
    Storage,
    System,
)


class _Bytes:
    """A file for reading."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]

    def sync(self) -> None:
        """Does nothing: this computer stays on."""

    def close(self) -> None:
        pass


class _Writable:
    """A file for writing in place."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT)

    def write(self, offset: int, content: bytes) -> None:
        assert os.pwrite(self._descriptor, content, offset) == len(content)

    def close(self) -> None:
        os.close(self._descriptor)


class _Storage:
    def __init__(self, instead: Mapping[str, str]) -> None:
        self._instead = instead

    def open(self, path: str) -> File:
        text = self._instead.get(path)
        return cast(File, _Bytes(Path(path).read_bytes() if text is None else text.encode()))

    def open_to_write(self, path: str) -> File:
        return cast(File, _Writable(path))

    def remove(self, path: str) -> None:
        Path(path).unlink(missing_ok=True)


class _Programs:
    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0
    ) -> ProgramResult:
        try:
            done = subprocess.run(
                argv, input=stdin, capture_output=True, timeout=timeout, check=False, env=os.environ
            )
        except subprocess.TimeoutExpired:
            raise ProgramTimeout(f"no end after {timeout:g} s") from None
        return ProgramResult(done.returncode, done.stdout, done.stderr)


def host(command_line: str = "") -> System:
    """Returns this computer, with a kernel command line that a boot loader would have passed."""
    storage = _Storage({"/proc/cmdline": command_line})
    return System(cast(Storage, storage), _Programs(), cast(Clock, None), cast(Network, None))
