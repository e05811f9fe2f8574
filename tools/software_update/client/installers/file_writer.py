"""A file that receives a target's bytes, and errors that name the place."""

import contextlib
from collections.abc import Callable, Iterator

from software_update.client.installer import InstallError
from software_update.client.system import File


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Turns an OSError inside into an InstallError that begins with `path`.

    FileNotFoundError stays what it is, because it says that a slot does not contain a target.
    """
    try:
        yield
    except (InstallError, FileNotFoundError):
        raise
    except OSError as error:
        failed = InstallError(f"{path}: {error.strerror or error}")
        # A full disk says nothing about the release, and is treated differently.
        failed.errno = error.errno
        raise failed from error


class FileWriter:
    """Writes a target of `length` bytes into an open file, from its beginning, and puts it on the medium.

    `publish` runs last, when the bytes are on the medium and the file is closed.
    """

    def __init__(self, file: File, path: str, length: int, publish: Callable[[], None]) -> None:
        self._file = file
        self._path = path
        self._length = length
        self._publish = publish
        self._written = 0

    def write(self, content: bytes | memoryview) -> None:
        """Appends bytes. Raises InstallError if they are more than announced."""
        end = self._written + len(content)
        if end > self._length:
            raise InstallError(
                f"{self._path}: {end} bytes for a target of {self._length}; nothing more is written"
            )
        with naming(self._path):
            self._file.write(self._written, content)
        self._written = end

    def finish(self) -> None:
        """Syncs, closes and publishes. Raises InstallError if bytes are missing."""
        try:
            if self._written < self._length:
                raise InstallError(
                    f"{self._path}: only {self._written} of {self._length} bytes; write it again"
                )
            with naming(self._path):
                self._file.sync()
                self._file.drop_cache()
        finally:
            self._file.close()
        with naming(self._path):
            self._publish()

    def abort(self) -> None:
        """Closes the file."""
        self._file.close()
