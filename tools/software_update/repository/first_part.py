"""The first part of a bundle in a repository, as the reader of heads wants it."""


class FirstPart:
    """The first bytes of a bundle of `size` bytes, of which the rest is not at hand."""

    def __init__(self, content: bytes, size: int) -> None:
        self._content, self._size = content, size

    def size(self) -> int:
        """Returns the length of the whole bundle in bytes."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """Returns at most `length` bytes from `offset` on; fewer at the end of the first part."""
        return self._content[offset : offset + length]
