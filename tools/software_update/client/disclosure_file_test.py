"""Tests of disclosure_file.py."""

import json

import pytest

from software_update.client.disclosure import Disclosed, Found
from software_update.client.disclosure_file import MAX_LOGS, DisclosureFile
from software_update.testing.memory_storage import MemoryStorage
from software_update.transparency.checkpoint import Checkpoint

PATH = "/state/disclosure"
PROVEN = Disclosed("log.example", ("w0",), "", ("a" * 16,))


BAD_ROOT = b'{"trees": {"main": {"log.example": {"size": 1, "root": "x"}}}}'


def tree(size: int, origin: str = "log.example") -> Checkpoint:
    return Checkpoint(origin, size, bytes([size]) * 32)


@pytest.fixture(name="storage")
def storage_fixture() -> MemoryStorage:
    storage = MemoryStorage()
    storage.make_folder("/state")
    return storage


def test_content_survives_a_restart(storage: MemoryStorage) -> None:
    file = DisclosureFile(storage, "/state")
    assert (file.seen("main"), file.of("main", "aa")) == ({}, Disclosed())
    file.keep("main", "aa", Found(PROVEN, tree(5)))
    file.keep("radio", "bb", Found(Disclosed(problem="MISSING_PROOF: none")))
    for each in (file, DisclosureFile(storage, "/state")):
        assert each.seen("main") == {"log.example": tree(5)}
        assert each.of("main", "aa") == PROVEN
        assert each.of("radio", "bb") == Disclosed(problem="MISSING_PROOF: none")
        assert (each.seen("radio"), each.of("main", "bb")) == ({}, Disclosed())


def test_largest_tree_of_each_log_is_kept(storage: MemoryStorage) -> None:
    file = DisclosureFile(storage, "/state")
    for each in (tree(5), tree(3), tree(4, "other.example")):
        file.keep("main", "aa", Found(PROVEN, each))
    assert file.seen("main") == {"log.example": tree(5), "other.example": tree(4, "other.example")}
    file.keep("main", "aa", Found(PROVEN, tree(6)))
    assert file.seen("main")["log.example"] == tree(6)
    for number in range(MAX_LOGS):
        file.keep("main", "aa", Found(PROVEN, tree(1, f"{number}.example")))
    assert len(file.seen("main")) == MAX_LOGS
    assert "log.example" not in file.seen("main")


def test_nothing_is_written_if_nothing_has_changed(
    storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = DisclosureFile(storage, "/state")
    file.keep("main", "aa", Found(PROVEN, tree(5)))
    monkeypatch.setattr(storage, "open_to_write", None)
    file.keep("main", "aa", Found(PROVEN, tree(5)))
    with pytest.raises(TypeError):
        file.keep("main", "bb", Found(PROVEN, tree(5)))


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b'{"trees": 5}', BAD_ROOT, json.dumps({"more": {}}).encode()]
)
def test_damaged_file_is_as_if_it_were_lost(storage: MemoryStorage, content: bytes) -> None:
    storage.put(PATH, content)
    file = DisclosureFile(storage, "/state")
    assert (file.seen("main"), file.of("main", "aa")) == ({}, Disclosed())
    file.keep("main", "aa", Found(PROVEN, tree(5)))
    assert DisclosureFile(storage, "/state").of("main", "aa") == PROVEN
