"""The interface of a storage: named objects, of which all but one never change.

    metadata/N.root.json  metadata/N.snapshot.json  metadata/N.ROLE.json
    metadata/timestamp.json                               the only object that is replaced
    targets/PRODUCT/CHANNEL/SHA256.NAME.bundle

Names have `/` between their parts, and no part is empty, `.` or `..`. A storage knows nothing of TUF.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, Protocol, runtime_checkable

from software_update.base.errors import SoftwareUpdateError

TIMESTAMP = "metadata/timestamp.json"
# Cache-Control of the two kinds of objects. `TIMESTAMP` has a `max-age` of so many seconds by default.
IMMUTABLE = "public, max-age=31536000, immutable"
TIMESTAMP_AGE = 60


class Conflict(SoftwareUpdateError):
    """Another publisher has written to the storage meanwhile, or an object has other content."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Object:
    """An object's content. `tag` names this version of it for `Storage.replace`."""

    content: bytes
    tag: str


@dataclass(frozen=True, slots=True)
class UploadFile:
    """An open file to copy into a storage: `length` bytes of `fd` from its beginning.

    `sha256` is that of these bytes in hexadecimal. `path` names the file in errors. A storage raises
    InputError if the bytes that it copies have another SHA-256.
    """

    path: str
    fd: int
    length: int
    sha256: str


class Listed(NamedTuple):
    """An object: its name, its length in bytes, and when it was written, in seconds since 1970."""

    name: str
    length: int
    written: int


class Storage(Protocol):
    """A place with objects. Its methods raise OSError or InputError if the place fails."""

    def describe(self) -> str:
        """Returns the place in words for a person, without credentials."""

    def read(self, name: str, most: int) -> Object | None:
        """Returns an object; None if there is none. Raises InputError if it has over `most` bytes."""

    def open(self, name: str) -> BinaryIO:
        """Returns a stream of an object's bytes. Raises FileNotFoundError if there is none."""

    def put_new(self, name: str, content: bytes | UploadFile) -> None:
        """Writes an object that never changes, durably. An equal one that is there already is kept.

        Raises Conflict if another content has the name.
        """

    def replace(self, name: str, content: bytes, tag: str | None) -> None:
        """Replaces the version `tag` of an object as one step; None: there must be none yet.

        Raises Conflict if another publisher has replaced it since it was read.
        """

    def list(self, prefix: str) -> Iterator[Listed]:
        """Yields the objects whose names begin with `prefix`, in any order."""

    def remove(self, name: str) -> None:
        """Removes an object; nothing happens if there is none."""

    def publishing(self) -> AbstractContextManager[None]:
        """Returns a context for one publication, from its first read to its last write.

        Raises Conflict if another publisher is in it, where the storage can tell, and InputError if the
        storage cannot keep the promises of `put_new` and `replace`.
        """


class Spool(Protocol):
    """A file of a storage that has no name yet."""

    @property
    def fd(self) -> int:
        """A descriptor, to write to and to read from."""

    def sync(self) -> None:
        """Makes what was written so far durable. Another thread may call it."""

    def commit(self, name: str) -> None:
        """Makes the content durable, and gives it a name, as `Storage.put_new` does."""

    def abort(self) -> None:
        """Removes the file; nothing happens after `commit`."""


@runtime_checkable
class Spools(Protocol):
    """A storage to which a large file can be written before its name is known: its bytes move once."""

    def spool(self) -> Spool:
        """Returns a new, empty file. The caller must `commit` or `abort` it."""
