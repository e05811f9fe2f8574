"""Tests of files named by their SHA-256."""

import pytest

from software_update.base.errors import InputError
from software_update.client import named_files
from software_update.testing.memory_storage import MemoryStorage

FOLDER = "/state/roots"


def test_file_has_its_digest_as_name_and_is_on_the_medium() -> None:
    storage = MemoryStorage()
    storage.make_folder(FOLDER)
    storage.sync_folder("/state")
    storage.sync_folder("/")
    name = named_files.put(storage, FOLDER, b"root")
    storage.cut_power()
    assert named_files.get(storage, FOLDER, name) == b"root"


def test_damaged_or_missing_file_is_an_error() -> None:
    storage = MemoryStorage()
    name = named_files.put(storage, FOLDER, b"root")
    storage.open_to_write(f"{FOLDER}/{name}").write(0, b"x")
    with pytest.raises(InputError, match="is damaged; provision the device again"):
        named_files.get(storage, FOLDER, name)
    with pytest.raises(InputError, match="is missing; provision the device again"):
        named_files.get(storage, FOLDER, "0" * 64)


def test_only_named_files_stay() -> None:
    storage = MemoryStorage()
    names = [named_files.put(storage, FOLDER, content) for content in (b"1", b"2")]
    named_files.keep_only(storage, FOLDER, names[:1])
    assert storage.list(FOLDER) == names[:1]
