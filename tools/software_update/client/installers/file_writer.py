"""Files that receive and return a target's bytes."""

from collections.abc import Callable

from software_update.client.installer import InstallError
from software_update.client.paths import naming
from software_update.client.system import File, Storage


def read_file(storage: Storage, path: str, offset: int, length: int) -> bytes:
    """Returns at most `length` bytes of a file.

    Raises FileNotFoundError if it is missing, and InstallError if it cannot be read.
    """
    if not storage.exists(path):
        raise FileNotFoundError(f"{path}: missing")
    with naming(path, InstallError):
        file = storage.open(path)
        try:
            return file.read(offset, length)
        finally:
            file.close()


def sync_file(storage: Storage, path: str) -> None:
    """Puts the bytes of a file on the medium, and lets the next reads come from there.

    Raises FileNotFoundError if it is missing, and InstallError.
    """
    if not storage.exists(path):
        raise FileNotFoundError(f"{path}: missing")
    with naming(path, InstallError):
        file = storage.open(path)
        try:
            file.sync()
            file.drop_cache()
        finally:
            file.close()


def cut_off(file: File, path: str, offset: int) -> None:
    """Removes the bytes of a file from `offset` on. Closes the file on an error.

    Raises InstallError if it has fewer bytes.
    """
    try:
        if file.size() < offset:
            raise InstallError(
                f"{path}: only {file.size()} of {offset} bytes to continue after; write it again"
            )
        with naming(path, InstallError):
            file.truncate(offset)
    except OSError:
        file.close()
        raise


class FileWriter:
    """Writes a target of `length` bytes into an open file, after `start` bytes, and puts it on the medium.

    `publish` runs last, when the bytes are on the medium and the file is closed. `sync_name` puts the name of
    the unfinished file on the medium.
    """

    def __init__(
        self,
        file: File,
        path: str,
        length: int,
        publish: Callable[[], None],
        *,
        start: int = 0,
        sync_name: Callable[[], None] = lambda: None,
    ) -> None:
        self._file = file
        self._path = path
        self._length = length
        self._publish = publish
        self._written = start
        self._sync_name: Callable[[], None] | None = sync_name

    def write(self, content: bytes | memoryview) -> None:
        """Appends bytes. Raises InstallError if they are more than announced."""
        end = self._written + len(content)
        if end > self._length:
            raise InstallError(
                f"{self._path}: {end} bytes for a target of {self._length}; nothing more is written"
            )
        with naming(self._path, InstallError):
            self._file.write(self._written, content)
        self._written = end

    def sync(self) -> None:
        """Puts the bytes written so far on the medium, and the first time the file's name."""
        with naming(self._path, InstallError):
            self._file.sync()
            if self._sync_name is not None:
                self._sync_name()
                self._sync_name = None

    def finish(self) -> None:
        """Syncs, closes and publishes. Raises InstallError if bytes are missing."""
        try:
            if self._written < self._length:
                raise InstallError(
                    f"{self._path}: only {self._written} of {self._length} bytes; write it again"
                )
            with naming(self._path, InstallError):
                self._file.sync()
                self._file.drop_cache()
        finally:
            self._file.close()
        with naming(self._path, InstallError):
            self._publish()

    def abort(self) -> None:
        """Closes the file."""
        self._file.close()
