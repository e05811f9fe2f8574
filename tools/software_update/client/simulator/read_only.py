"""A file in memory that can only be read, such as a bundle on a server."""


class ReadOnlyFile:
    """See `system.File`. Writing to it raises PermissionError."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def size(self) -> int:
        """See `system.File.size`."""
        return len(self._content)

    def read(self, offset: int, length: int) -> bytes:
        """See `system.File.read`."""
        return self._content[offset : offset + length]

    def write(self, offset: int, content: bytes | memoryview) -> None:
        """Raises PermissionError."""
        raise PermissionError("the source is read-only")

    def truncate(self, length: int) -> None:
        """Raises PermissionError."""
        raise PermissionError("the source is read-only")

    def sync(self) -> None:
        """Does nothing."""

    def drop_cache(self) -> None:
        """Does nothing."""

    def close(self) -> None:
        """Does nothing."""
