"""Promises of `Storage` that every storage keeps, for the tests of each, and of the one in memory."""

import pytest

from software_update.repository.storage import TIMESTAMP, Conflict, Storage


def check_replacement(storage: Storage) -> None:
    """Asserts that only the version that was read is replaced. The storage must be empty."""
    with pytest.raises(Conflict):
        storage.replace(TIMESTAMP, b"0", '"0123"')
    assert storage.read(TIMESTAMP, 10) is None
    storage.replace(TIMESTAMP, b"1", None)
    first = storage.read(TIMESTAMP, 10)
    assert first
    storage.replace(TIMESTAMP, b"2", first.tag)
    for tag in (first.tag, None):
        with pytest.raises(Conflict, match=r"timestamp\.json: another publisher has written it"):
            storage.replace(TIMESTAMP, b"3", tag)
    second = storage.read(TIMESTAMP, 10)
    assert second and second.content == b"2"
