"""Tests that files and links are replaced whole."""

import errno

import pytest

from software_update.client.boot_control import BootError
from software_update.client.paths import folders_above, naming, read_whole, switch_link, write_whole
from software_update.testing.memory_storage import MemoryStorage


@pytest.fixture(name="storage")
def storage_fixture() -> MemoryStorage:
    storage = MemoryStorage()
    storage.put("/srv/state", b"a long old state")
    storage.make_link("A", "/srv/current")
    storage.sync_all()
    storage.log.clear()
    return storage


def test_power_cut_at_each_call_leaves_old_or_new_content(storage: MemoryStorage) -> None:
    write_whole(storage, "/srv/state", b"new")
    calls = len(storage.log)
    storage.cut_power()
    assert read_whole(storage, "/srv/state", 100) == b"new"
    for number in range(calls):
        storage.put("/srv/state", b"a long old state")
        storage.fail_at = number
        with pytest.raises(OSError, match="Input/output error"):
            write_whole(storage, "/srv/state", b"new")
        assert storage.open_files == 0
        for _ in range(2):  # first as other processes see it, then after the cut
            assert storage.content("/srv/state") in (b"a long old state", b"new")
            storage.cut_power()
        write_whole(storage, "/srv/state", b"newer")
        assert storage.content("/srv/state") == b"newer"


def test_power_cut_at_each_call_leaves_the_old_or_new_link(storage: MemoryStorage) -> None:
    switch_link(storage, "B", "/srv/current")
    storage.cut_power()
    assert storage.read_link("/srv/current") == "B"
    calls = len(storage.log)
    for number in range(calls):
        storage.log.clear()
        storage.fail_at = number
        with pytest.raises(OSError, match="Input/output error"):
            switch_link(storage, "A", "/srv/current")
        for _ in range(2):
            assert storage.read_link("/srv/current") in ("A", "B")
            storage.cut_power()
        switch_link(storage, "B", "/srv/current")


def test_read_whole_limits_what_it_reads(storage: MemoryStorage) -> None:
    assert read_whole(storage, "/srv/state", 3) == b"a lo"
    assert read_whole(storage, "/srv/none", 3) is None
    assert storage.open_files == 0


def test_folders_above() -> None:
    assert list(folders_above("/a/b/c/d", "/a")) == ["/a/b/c", "/a/b", "/a"]
    assert list(folders_above("/a", "/a")) == []


def test_leftovers_of_an_interrupted_write_do_not_stay(storage: MemoryStorage) -> None:
    storage.put("/srv/state~", b"a long unfinished state")
    storage.make_link("nowhere", "/srv/current~")
    write_whole(storage, "/srv/state", b"new")
    assert storage.content("/srv/state") == b"new"
    switch_link(storage, "B", "/srv/current")
    assert storage.list("/srv") == ["current", "state"]


def test_naming_gives_the_place_and_the_reason() -> None:
    failure = OSError(errno.ENOSPC, "No space left on device", "/elsewhere")
    with (
        pytest.raises(BootError, match=r"^/srv/x: No space left on device$") as caught,
        naming("/srv/x", BootError),
    ):
        raise failure
    assert caught.value.errno == errno.ENOSPC
