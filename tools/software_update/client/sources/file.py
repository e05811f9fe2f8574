"""Bundles in files: at a path, or in a folder such as that of a USB stick."""

import contextlib
from collections.abc import Iterator

from software_update.client.paths import read_whole
from software_update.client.source import OpenBundle, SourceError
from software_update.client.system import Storage
from software_update.format.names import attachment_suffix

_SUFFIX = ".bundle"
_SHOWN_NAMES = 3


class FileSource:
    """A bundle at a path. It offers nothing while there is no file."""

    def __init__(self, storage: Storage, path: str) -> None:
        self._storage = storage
        self._path = path

    def open(self) -> OpenBundle | None:
        """See `Source.open`."""
        with _naming(self._path):
            try:
                return _FileBundle(self._storage, self._path)
            except FileNotFoundError:
                return None

    def describe(self) -> str:
        """See `Source.describe`."""
        return self._path


class FolderSource:
    """A folder that contains one bundle, a file with a name that ends with `.bundle`.

    It offers nothing while the folder is missing or contains no bundle. Several bundles are an error: which
    one is meant cannot be told from their names. Names that begin with a dot do not count, because some
    systems write such a file next to each one that they copy.
    """

    def __init__(self, storage: Storage, folder: str) -> None:
        self._storage = storage
        self._folder = folder

    def open(self) -> OpenBundle | None:
        """See `Source.open`."""
        with _naming(self._folder):
            names = self._storage.list(self._folder)
        bundles = [each for each in names if each.endswith(_SUFFIX) and not each.startswith(".")]
        if len(bundles) > 1:
            shown = ", ".join(bundles[:_SHOWN_NAMES])
            more = ", ..." if len(bundles) > _SHOWN_NAMES else ""
            raise SourceError(
                f"{self._folder}: contains {len(bundles)} bundles ({shown}{more}); leave only one there"
            )
        if not bundles:
            return None
        return FileSource(self._storage, f"{self._folder.rstrip('/')}/{bundles[0]}").open()

    def describe(self) -> str:
        """See `Source.describe`."""
        return self._folder


class _FileBundle:
    """An `OpenBundle` of a file."""

    can_reread = True
    identity = ""

    def __init__(self, storage: Storage, path: str) -> None:
        self._storage = storage
        self._file = storage.open(path)
        self._path = path
        self._size = self._file.size()

    def size(self) -> int:
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        with _naming(self._path):
            content = self._file.read(offset, length)
            if len(content) < length:
                raise SourceError(
                    f"{self._path}: ends before byte {offset + length}; do not write to it while it is read"
                )
            return content

    def attachment(self, name: str, limit: int) -> bytes | None:
        """See `source.HasAttachments`."""
        path = f"{self._path}{attachment_suffix(name)}"
        with _naming(path):
            return read_whole(self._storage, path, limit)

    def expect(self, offset: int, length: int) -> None:
        """Nothing costs anything here."""

    def close(self) -> None:
        self._file.close()


@contextlib.contextmanager
def _naming(path: str) -> Iterator[None]:
    """Turns an OSError inside into a SourceError that begins with `path`."""
    try:
        yield
    except SourceError:
        raise
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or error}") from error
