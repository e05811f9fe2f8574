"""Copies bytes and hashes them on the way. Pure; a machine may bring a faster way in `System.copy`."""

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeAlias

Copy: TypeAlias = Callable[[Iterable[bytes], Callable[[bytes], None]], bytes]
"""Gives each chunk to a function, in order, and returns the SHA-256 of all chunks."""


def copy_hashed(chunks: Iterable[bytes], write: Callable[[bytes], None]) -> bytes:
    """Gives each chunk to `write`, and returns the SHA-256 of all. Raises what these two raise."""
    hasher = hashlib.sha256()
    for chunk in chunks:
        hasher.update(chunk)
        write(chunk)
    return hasher.digest()
