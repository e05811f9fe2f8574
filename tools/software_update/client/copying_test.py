"""Tests of copying with a hash."""

import hashlib

import pytest

from software_update.client.copying import copy_hashed


def test_chunks_are_written_in_order_and_hashed() -> None:
    written: list[bytes] = []
    digest = copy_hashed(iter([b"a", b"", b"bc"]), written.append)
    assert (written, digest) == ([b"a", b"", b"bc"], hashlib.sha256(b"abc").digest())


def test_failed_write_ends_the_copy() -> None:
    def write(chunk: bytes) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        copy_hashed([b"a"], write)
