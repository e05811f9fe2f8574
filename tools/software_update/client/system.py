"""Everything outside the process that the client touches, as Protocols.

`shell` implements them for a real machine, and `simulator` for a simulated one, where the power may fail
at each write, sync and rename. No other module of the client does I/O, so a test that passes on the
simulated machine covers the code of the real one.

Every method may raise OSError. Paths are absolute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from software_update.client.copying import Copy, copy_hashed


class File(Protocol):
    """An open file or block device. Offsets and lengths are in bytes."""

    def size(self) -> int:
        """Returns its length. For a block device: its capacity."""

    def read(self, offset: int, length: int) -> bytes:
        """Returns at most `length` bytes from `offset` on; fewer only at the end of the file."""

    def write(self, offset: int, content: bytes | memoryview) -> None:
        """Writes all of `content` at `offset`. It is lost in a power cut unless `sync` has returned."""

    def truncate(self, length: int) -> None:
        """Shortens or extends a regular file; ignored for a block device."""

    def sync(self) -> None:
        """Returns when everything written is on the medium (fsync)."""

    def drop_cache(self) -> None:
        """Makes the next reads come from the medium. Call it after `sync`."""

    def close(self) -> None:
        """Closes the file. It does not sync."""


class Storage(Protocol):
    """Files, folders and links."""

    def open(self, path: str) -> File:
        """Opens an existing file for reading. Raises FileNotFoundError if there is none."""

    def open_to_write(self, path: str) -> File:
        """Opens a file for reading and writing, and creates it if it is missing. Its folder must exist."""

    def make_private(self, path: str) -> None:
        """Lets only the user of the client read and write a file."""

    def exists(self, path: str) -> bool:
        """Returns whether there is a file, folder or link at `path`. Does not follow a link there."""

    def list(self, folder: str) -> Sequence[str]:
        """Returns the names in a folder, sorted; an empty list if the folder is missing."""

    def make_folder(self, path: str) -> None:
        """Creates a folder and its missing parents. An existing folder is kept."""

    def remove(self, path: str) -> None:
        """Removes a file or link, or a folder with its content. Ignores a missing one."""

    def rename(self, old: str, new: str) -> None:
        """Renames `old` to `new`, and replaces a file or link there, atomically while the power is on.

        After a power cut, either name may be found unless `sync_folder` has returned.
        """

    def sync_folder(self, path: str) -> None:
        """Returns when the folder's names are on the medium."""

    def make_link(self, target: str, path: str) -> None:
        """Creates a symbolic link at `path`. Raises FileExistsError if there is something."""

    def read_link(self, path: str) -> str | None:
        """Returns the target of a symbolic link; None if there is no link."""

    def free_bytes(self, folder: str) -> int:
        """Returns the number of bytes that may still be written to the file system of `folder`."""

    def lock(self, path: str) -> bool:
        """Locks a file for the life of the process, and creates it. False: another process has locked it.

        The system unlocks it when the process ends, in whatever way.
        """

    def owner_problem(self, path: str) -> str | None:
        """Returns why a file could be changed by a user other than root; None if it could not.

        The owner must be root, or the user of the service if that is not root. Neither the group nor others
        may write to the file or its folders.
        """


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """The end of a program: exit code, and the first MiB each of what it wrote."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class ProgramTimeout(OSError):
    """The program did not end within its time limit; it has been stopped, with its children."""


class Programs(Protocol):
    """Programs of the machine, such as `fw_setenv`."""

    def run(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 30.0
    ) -> ProgramResult:
        """Runs a program, without a shell, and waits for its end, at most `timeout` seconds.

        Raises FileNotFoundError if it is missing, and ProgramTimeout.
        """


class Clock(Protocol):
    """Time, from two clocks, and randomness for waits and a secret."""

    def now(self) -> int:
        """Returns the wall clock, in seconds since 1970. It may be wrong, and go backwards."""

    def local_minute(self) -> int:
        """Returns the local time of day in minutes, 0 to 1439."""

    def since_boot(self) -> float:
        """Returns the seconds since the machine started, suspended time included."""

    def boot_id(self) -> str:
        """Returns a text that changes with each start of the machine."""

    def random(self) -> float:
        """Returns a random number from 0 up to but without 1."""

    def random_bytes(self, length: int) -> bytes:
        """Returns bytes for a secret, which cannot be guessed."""


class Response(Protocol):
    """The answer to an HTTP request. `headers` have names in lower case."""

    status: int
    headers: Mapping[str, str]

    def read(self, length: int) -> bytes:
        """Returns at most `length` bytes of the body as sent (not decompressed); empty at its end.

        Raises OSError if the connection fails, or the body ends before its stated length.
        """

    def close(self) -> None:
        """Ends the connection, or returns it to the pool if the body was read to its end."""


class Network(Protocol):
    """HTTP and HTTPS."""

    def get(self, url: str, headers: Mapping[str, str]) -> Response:
        """Sends a GET request with exactly these headers besides Host and Connection. Follows no redirect.

        Raises OSError for failures of name resolution, connection and TLS.
        """

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Sends a request with a body, as `get` does. `method` is POST or PUT.

        The headers besides these are Host, Content-Length and Connection.
        """


@dataclass(frozen=True, slots=True)
class System:
    """A machine, as the client sees it."""

    storage: Storage
    programs: Programs
    clock: Clock
    network: Network
    copy: Copy = copy_hashed
