"""A bundle in a file of the device."""

from software_update.client.source import SourceError
from software_update.client.system import File


class StoredBundle:
    """An open file as an OpenBundle: all reads are of this one file, and reading again costs nothing."""

    can_reread = True
    identity = ""

    def __init__(self, file: File) -> None:
        self._file = file
        self._size = file.size()

    def size(self) -> int:
        """Returns the length of the bundle in bytes, as it was when the file was opened."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """Returns exactly `length` bytes, fewer only at the end. Raises SourceError for a shortened file."""
        wanted = max(0, min(length, self._size - offset))
        parts = []
        while wanted:
            part = self._file.read(offset, wanted)
            if not part:
                raise SourceError("the bundle became shorter while it was read")
            parts.append(part)
            offset, wanted = offset + len(part), wanted - len(part)
        return b"".join(parts)

    def expect(self, offset: int, length: int) -> None:
        """Does nothing: a file is near."""

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
