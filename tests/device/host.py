"""This computer as the machine of the client, with the command line that a boot loader would have passed."""

from __future__ import annotations

from typing import cast

from software_update.client.shell.files import MachineStorage
from software_update.client.shell.programs import MachinePrograms
from software_update.client.system import Clock, File, Network, System


class _Bytes:
    """A file for reading."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]

    def close(self) -> None:
        pass


class _Storage(MachineStorage):
    """The files of this computer, except for the command line."""

    def __init__(self, command_line: str) -> None:
        super().__init__()
        self._command_line = command_line

    def open(self, path: str) -> File:
        if path == "/proc/cmdline":
            return cast(File, _Bytes(self._command_line.encode()))
        return super().open(path)


def host(command_line: str = "") -> System:
    """Returns this computer's files and programs. It has no clock and no network."""
    storage = _Storage(command_line)
    return System(storage, MachinePrograms(), cast(Clock, None), cast(Network, None))
