"""Tests of a bundle in a file of the device."""

import pytest

from software_update.client.source import SourceError
from software_update.client.stored_bundle import StoredBundle
from software_update.testing.memory_storage import MemoryStorage

PATH = "/state/stored.bundle"


def test_reads_return_all_bytes_up_to_the_end() -> None:
    storage = MemoryStorage()
    storage.put(PATH, b"0123456789")
    bundle = StoredBundle(storage.open(PATH))
    assert (bundle.size(), bundle.can_reread, bundle.identity) == (10, True, "")
    bundle.expect(2, 3)
    assert [bundle.read(2, 3), bundle.read(0, 4), bundle.read(8, 9), bundle.read(12, 1)] == [
        b"234",
        b"0123",
        b"89",
        b"",
    ]
    bundle.close()
    assert storage.open_files == 0


def test_bundle_that_becomes_shorter_is_an_error_and_a_longer_one_is_not_read() -> None:
    storage = MemoryStorage()
    storage.put(PATH, b"0123456789")
    bundle = StoredBundle(storage.open(PATH))
    file = storage.open_to_write(PATH)
    file.write(10, b"more")
    assert (bundle.size(), bundle.read(8, 9)) == (10, b"89")
    file.truncate(5)
    assert bundle.read(0, 5) == b"01234"
    with pytest.raises(SourceError, match=r"^the bundle became shorter while it was read$"):
        bundle.read(3, 4)
