"""Tests of files that receive and return a target's bytes."""

import errno

import pytest

from software_update.client.installer import InstallError
from software_update.client.installers.file_writer import FileWriter, read_file
from software_update.testing.memory_storage import MemoryStorage

PATH = "/slots/app"


@pytest.fixture(name="storage")
def storage_fixture() -> MemoryStorage:
    storage = MemoryStorage()
    storage.put(PATH, b"")
    return storage


def writer(storage: MemoryStorage, length: int) -> FileWriter:
    return FileWriter(
        storage.open_to_write(PATH), PATH, length, lambda: storage.act("publish", PATH)
    )


def test_target_is_on_the_medium_before_it_is_published(storage: MemoryStorage) -> None:
    target = writer(storage, 6)
    target.write(b"firm")
    target.write(memoryview(b"wa"))
    target.finish()
    steps = ["write", "write", "sync", "drop_cache", "publish"]
    assert storage.log == [f"{step} {PATH}" for step in steps]
    assert storage.open_files == 0
    storage.cut_power()
    assert storage.content(PATH) == b"firmwa"


def test_more_bytes_than_announced_are_not_written(storage: MemoryStorage) -> None:
    target = writer(storage, 5)
    target.write(b"firm")
    with pytest.raises(
        InstallError, match=f"^{PATH}: 6 bytes for a target of 5; nothing more is written$"
    ):
        target.write(b"wa")
    assert storage.content(PATH) == b"firm"


def test_target_with_missing_bytes_is_not_published(storage: MemoryStorage) -> None:
    target = writer(storage, 5)
    target.write(b"firm")
    with pytest.raises(InstallError, match=f"^{PATH}: only 4 of 5 bytes; write it again$"):
        target.finish()
    assert storage.log == [f"write {PATH}"]
    assert storage.open_files == 0


def test_aborted_target_is_closed_and_not_published(storage: MemoryStorage) -> None:
    target = writer(storage, 5)
    target.write(b"firm")
    target.abort()
    assert storage.log == [f"write {PATH}"]
    assert storage.open_files == 0


@pytest.mark.parametrize("step", ["write", "sync", "drop_cache", "publish"])
def test_error_names_the_path_and_keeps_its_number(storage: MemoryStorage, step: str) -> None:
    target = writer(storage, 4)
    storage.fail_at = ["write", "sync", "drop_cache", "publish"].index(step)
    with pytest.raises(InstallError, match=f"^{PATH}: Input/output error$") as caught:
        target.write(b"firm")
        target.finish()
    assert caught.value.errno == errno.EIO
    assert step == "write" or storage.open_files == 0


def test_read_returns_at_most_the_asked_bytes(storage: MemoryStorage) -> None:
    storage.put(PATH, b"firmware")
    assert [read_file(storage, PATH, at, 4) for at in (0, 6, 8)] == [b"firm", b"re", b""]
    assert storage.open_files == 0


def test_missing_file_cannot_be_read(storage: MemoryStorage) -> None:
    with pytest.raises(FileNotFoundError, match=r"^/slots/other: missing$"):
        read_file(storage, "/slots/other", 0, 4)


def test_error_of_a_read_names_the_path(storage: MemoryStorage) -> None:
    storage.fail_at = 0
    with pytest.raises(InstallError, match=f"^{PATH}: Input/output error$"):
        read_file(storage, PATH, 0, 4)
    assert storage.open_files == 0
