"""Tests of the file about an unfinished download."""

from collections.abc import Iterator

import pytest

from software_update.client.fetched import Fetched, FetchedFile
from software_update.testing.memory_storage import MemoryStorage

FOLDER = "/state"
PATH = f"{FOLDER}/fetched.json"
KNOWN = Fetched("main", "B", "r" * 64, "app", 5)


@pytest.fixture(name="storage")
def storage_fixture() -> MemoryStorage:
    storage = MemoryStorage()
    storage.make_folder(FOLDER)
    storage.sync_all()
    return storage


@pytest.fixture(name="file")
def file_fixture(storage: MemoryStorage) -> FetchedFile:
    return FetchedFile(storage, FOLDER)


def read(file: FetchedFile) -> Fetched | None:
    return file.read("main", "B", "r" * 64)


def test_saved_value_is_on_the_medium(storage: MemoryStorage, file: FetchedFile) -> None:
    assert read(file) is None
    for length in (5, 9):
        file.save(Fetched("main", "B", "r" * 64, "app", length))
        storage.cut_power()
        assert read(file) == Fetched("main", "B", "r" * 64, "app", length)
    assert storage.open_files == 0


@pytest.mark.parametrize(
    "binding", [("other", "B", "r" * 64), ("main", "A", "r" * 64), ("main", "B", "s" * 64)]
)
def test_value_belongs_to_one_domain_slot_and_release(
    file: FetchedFile, binding: tuple[str, str, str]
) -> None:
    file.save(KNOWN)
    assert file.read(*binding) is None


def damaged() -> Iterator[bytes]:
    yield from (b"", b"{", b"[" * 3000, b"null", b"\xff", b'{"domain": "main"}')
    binding = b'"domain": "main", "slot": "B", "release": "' + b"r" * 64 + b'"'
    yield b"{" + binding + b', "target": "app", "length": -1}'
    yield b"{" + binding + b', "target": "app", "length": true}'
    yield b"{" + binding + b', "target": 5}'
    yield b"{" + binding + b', "more": 5}'


@pytest.mark.parametrize("content", list(damaged()))
def test_damaged_file_is_ignored(storage: MemoryStorage, file: FetchedFile, content: bytes) -> None:
    storage.put(PATH, content)
    assert read(file) is None


def test_removed_file_does_not_come_back(storage: MemoryStorage, file: FetchedFile) -> None:
    file.save(KNOWN)
    file.remove()
    storage.cut_power()
    assert read(file) is None
    file.remove()


def test_file_that_was_removed_without_a_sync_does_not_come_back_either(
    storage: MemoryStorage, file: FetchedFile
) -> None:
    """A killed client may have removed it, and the next one does not see it any more."""
    file.save(KNOWN)
    storage.remove(PATH)
    FetchedFile(storage, FOLDER).remove()
    storage.cut_power()
    assert read(file) is None


def test_file_that_cannot_be_saved_stops_nothing(storage: MemoryStorage, file: FetchedFile) -> None:
    file.save(KNOWN)
    storage.free = 0
    file.save(Fetched("main", "B", "r" * 64, "app", 9))
    assert read(file) == KNOWN
    storage.free = 1000
    calls = len(storage.log)
    file.save(KNOWN)
    for number in range(len(storage.log) - calls):
        storage.log.clear()
        storage.fail_at = number
        file.save(KNOWN)
        storage.cut_power()
    assert read(file) == KNOWN
