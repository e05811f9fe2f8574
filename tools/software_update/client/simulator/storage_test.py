"""Tests of storage that forgets what was not synced."""

import errno
from collections.abc import Callable

import pytest

from software_update.client.simulator.changes import SECTOR
from software_update.client.simulator.image import Device, Image, Link
from software_update.client.simulator.power import Power, PowerCut
from software_update.client.simulator.storage import SimulatedStorage

START = Image.of(
    {
        "/data/a": b"old",
        "/data/current": Link("slots/A"),
        "/data/slots/A/app": b"app",
        "/dev/slot": Device(bytes(4 * SECTOR)),
        "/empty": None,
    }
)


def write(storage: SimulatedStorage, path: str, content: bytes, *, sync: bool = True) -> None:
    file = storage.open_to_write(path)
    file.write(0, content)
    if sync:
        file.sync()
    file.close()


def read(storage: SimulatedStorage, path: str) -> bytes:
    file = storage.open(path)
    return file.read(0, file.size())


def after_cut(storage: SimulatedStorage) -> set[Image]:
    return {image for _, image in storage.snapshot().outcomes(10_000)}


def contents(storage: SimulatedStorage, path: str) -> set[bytes | None]:
    return {image.content(path) for image in after_cut(storage)}


def test_unsynced_write_may_be_lost() -> None:
    storage = SimulatedStorage(START)
    write(storage, "/data/a", b"new", sync=False)
    assert read(storage, "/data/a") == b"new"
    assert contents(storage, "/data/a") == {b"old", b"new"}


def test_synced_write_is_safe() -> None:
    storage = SimulatedStorage(START)
    write(storage, "/data/a", b"new")
    assert contents(storage, "/data/a") == {b"new"}


def test_new_file_disappears_until_its_folder_is_synced() -> None:
    storage = SimulatedStorage(START)
    write(storage, "/data/b", b"new")
    assert contents(storage, "/data/b") == {None, b"new"}
    storage.sync_folder("/data")
    assert contents(storage, "/data/b") == {b"new"}


def test_rename_replaces_at_once_and_is_lost_without_a_sync_of_the_folder() -> None:
    storage = SimulatedStorage(START)
    write(storage, "/data/b", b"new")
    storage.sync_folder("/data")
    storage.rename("/data/b", "/data/a")
    assert read(storage, "/data/a") == b"new"
    assert not storage.exists("/data/b")
    found = {(image.content("/data/a"), image.content("/data/b")) for image in after_cut(storage)}
    assert found == {(b"old", b"new"), (b"new", None)}
    storage.sync_folder("/data")
    assert contents(storage, "/data/a") == {b"new"}


def test_rename_between_folders_needs_a_sync_of_both() -> None:
    storage = SimulatedStorage(START)
    storage.rename("/data/a", "/empty/a")
    storage.sync_folder("/empty")
    found = {(image.content("/data/a"), image.content("/empty/a")) for image in after_cut(storage)}
    assert found == {(b"old", b"old"), (None, b"old")}
    storage.sync_folder("/data")
    assert contents(storage, "/data/a") == {None}


def test_new_folder_needs_a_sync_of_the_folder_above() -> None:
    storage = SimulatedStorage(START)
    storage.make_folder("/data/x/y")
    write(storage, "/data/x/y/file", b"")
    storage.sync_folder("/data/x/y")
    storage.sync_folder("/data/x")
    assert contents(storage, "/data/x/y/file") == {None, b""}
    storage.sync_folder("/data")
    assert contents(storage, "/data/x/y/file") == {b""}


def test_removed_folder_may_be_left_half() -> None:
    storage = SimulatedStorage(START)
    storage.remove("/data/slots")
    assert storage.list("/data/slots") == []
    assert contents(storage, "/data/slots/A/app") == {None, b"app"}
    storage.remove("/data/slots")
    storage.sync_folder("/data")
    assert contents(storage, "/data/slots/A/app") == {None}


def test_link_is_followed_except_at_its_own_path() -> None:
    storage = SimulatedStorage(START)
    assert read(storage, "/data/current/app") == b"app"
    assert storage.read_link("/data/current") == "slots/A"
    assert storage.read_link("/data/a") is None
    assert storage.read_link("/missing/a") is None
    with pytest.raises(FileExistsError):
        storage.make_link("slots/B", "/data/current")
    storage.make_link("slots/B", "/data/next")
    storage.rename("/data/next", "/data/current")
    assert storage.exists("/data/current")
    with pytest.raises(FileNotFoundError):
        storage.open("/data/current/app")
    storage.remove("/data/current")
    assert read(storage, "/data/slots/A/app") == b"app"


def test_circle_of_links_is_an_error() -> None:
    storage = SimulatedStorage(Image.of({"/a": Link("/b"), "/b": Link("a")}))
    with pytest.raises(OSError, match="ELOOP"):
        storage.open("/a")


def test_block_device_keeps_its_length() -> None:
    storage = SimulatedStorage(START)
    file = storage.open_to_write("/dev/slot")
    file.truncate(1)
    assert file.size() == 4 * SECTOR
    with pytest.raises(OSError, match="ENOSPC"):
        file.write(4 * SECTOR - 1, b"ab")
    assert file.read(4 * SECTOR - 1, 10) == b"a"


def test_truncated_file_may_keep_its_length() -> None:
    storage = SimulatedStorage(START)
    file = storage.open_to_write("/data/a")
    file.truncate(1)
    file.truncate(1)
    assert storage.power.points == 1
    assert contents(storage, "/data/a") == {b"old", b"o"}
    file.sync()
    assert contents(storage, "/data/a") == {b"o"}


def test_bad_sector_appears_after_the_cache_is_dropped() -> None:
    storage = SimulatedStorage(START, bad_sectors=[("/dev/slot", 1)])
    file = storage.open_to_write("/dev/slot")
    file.write(0, b"b" * 2 * SECTOR)
    file.drop_cache()
    assert file.read(0, 2 * SECTOR) == b"b" * 2 * SECTOR
    file.sync()
    assert file.read(0, 2 * SECTOR) == b"b" * 2 * SECTOR
    file.drop_cache()
    assert file.read(0, 2 * SECTOR) == b"b" * SECTOR + b"c" + b"b" * (SECTOR - 1)


def test_full_storage_takes_the_bytes_that_fit() -> None:
    storage = SimulatedStorage(START, capacity=10)
    assert storage.free_bytes("/data") == 10 - len(b"old" + b"app")
    file = storage.open_to_write("/data/b")
    with pytest.raises(OSError, match="ENOSPC"):
        file.write(0, b"12345")
    assert file.size() == 4
    assert storage.free_bytes("/data") == 0
    with pytest.raises(OSError, match="ENOSPC"):
        file.write(4, b"5")
    file.write(0, b"4321")


def test_read_only_folder_rejects_each_change() -> None:
    storage = SimulatedStorage(START, read_only=["/data"])
    changes: list[Callable[[], object]] = [
        lambda: storage.open_to_write("/data/a"),
        lambda: storage.make_folder("/data/new"),
        lambda: storage.remove("/data/a"),
        lambda: storage.rename("/data/a", "/empty/a"),
        lambda: storage.rename("/empty", "/data/empty"),
        lambda: storage.make_link("a", "/data/link"),
    ]
    for change in changes:
        with pytest.raises(OSError, match="EROFS"):
            change()
    assert storage.image() == START
    write(storage, "/empty/a", b"")


def test_failed_write_changes_nothing() -> None:
    storage = SimulatedStorage(START, Power(failures={1: errno.EIO}))
    with pytest.raises(OSError, match="EIO"):
        write(storage, "/data/a", b"new")
    assert read(storage, "/data/a") == b"old"
    assert contents(storage, "/data/a") == {b"old"}


def test_sync_after_a_failed_sync_does_not_save_the_bytes() -> None:
    storage = SimulatedStorage(START, Power(failures={2: errno.EIO}))
    file = storage.open_to_write("/data/a")
    file.write(0, b"new")
    with pytest.raises(OSError, match="EIO"):
        file.sync()
    file.sync()
    assert file.read(0, 3) == b"new"
    assert contents(storage, "/data/a") == {b"old"}
    file.drop_cache()
    assert file.read(0, 3) == b"old"


def test_nothing_works_after_a_power_cut() -> None:
    storage = SimulatedStorage(START, Power(cut_at=2))
    file = storage.open_to_write("/data/a")
    file.write(0, b"new")
    with pytest.raises(PowerCut):
        file.sync()
    for use in (
        lambda: file.read(0, 1),
        lambda: storage.open("/data/a"),
        lambda: storage.remove("/data/a"),
        lambda: storage.exists("/data/a"),
    ):
        with pytest.raises(PowerCut):
            use()
    cut = storage.power.cut
    assert cut is not None
    assert (cut.number, cut.what) == (2, "sync /data/a")
    assert cut.outcome((1,)) == START.replaced({"/data/a": b"new"})


def test_resumed_storage_continues_with_everything_pending() -> None:
    storage = SimulatedStorage(START, bad_sectors=[("/dev/slot", 0)])
    write(storage, "/data/a", b"newer", sync=False)
    storage.open_to_write("/data/a").truncate(3)
    write(storage, "/data/b", b"b")
    storage.rename("/data/b", "/data/c")
    write(storage, "/dev/slot", b"x", sync=False)
    again = SimulatedStorage.resumed(storage.snapshot())
    assert read(again, "/data/a") == b"new"
    assert again.list("/data") == ["a", "c", "current", "slots"]
    assert after_cut(again) == after_cut(storage)
    write(again, "/data/d", b"d")
    again.sync_folder("/data")
    assert again.image().content("/dev/slot") == b"y" + bytes(4 * SECTOR - 1)
    assert contents(again, "/data/a") == {b"old", b"new", b"newer", b"newer"[:3]} | contents(
        storage, "/data/a"
    )
    assert contents(again, "/data/d") == {b"d"}
    assert contents(again, "/data/b") == {None}


def test_each_change_and_sync_is_a_crash_point() -> None:
    seen: list[str] = []
    power = Power(observe=lambda snapshot: seen.append(snapshot.what))
    storage = SimulatedStorage(START, power)
    file = storage.open_to_write("/empty/b")
    file.write(0, b"12")
    file.truncate(1)
    file.sync()
    storage.rename("/empty/b", "/empty/c")
    storage.sync_folder("/empty")
    storage.make_link("c", "/empty/l")
    storage.make_folder("/empty/f")
    storage.remove("/empty/c")
    assert seen == [
        "create /empty/b",
        "write /empty/b 0+2",
        "truncate /empty/b 1",
        "sync /empty/b",
        "rename /empty/b to /empty/c",
        "sync folder /empty",
        "link /empty/l",
        "make folder /empty/f",
        "remove /empty/c",
    ]
    assert power.points == len(seen)


def test_wrong_kinds_of_paths_are_errors() -> None:
    storage = SimulatedStorage(START)
    for use, error in (
        (lambda: storage.open("/data/missing"), FileNotFoundError),
        (lambda: storage.open("/data"), IsADirectoryError),
        (lambda: storage.open_to_write("/data"), IsADirectoryError),
        (lambda: storage.open_to_write("/missing/a"), FileNotFoundError),
        (lambda: storage.open("/data/a/b"), NotADirectoryError),
        (lambda: storage.list("/data/a"), NotADirectoryError),
        (lambda: storage.sync_folder("/data/a"), NotADirectoryError),
        (lambda: storage.make_folder("/data/a"), FileExistsError),
        (lambda: storage.rename("/missing", "/x"), FileNotFoundError),
        (lambda: storage.rename("/data/a", "/empty"), IsADirectoryError),
        (lambda: storage.open("relative"), ValueError),
        (lambda: storage.open("/data/a").write(0, b""), OSError),
    ):
        with pytest.raises(error):
            use()
    storage.remove("/data/missing")
    storage.remove("/missing/a")
    storage.make_folder("/")
    storage.rename("/data/a", "/data/a")
    assert not storage.exists("/data/a/b")
    assert storage.list("/") == ["data", "dev", "empty"]
    assert storage.list("/missing/below") == []
    assert storage.list("/missing") == []
    assert storage.image() == START


def test_closed_file_cannot_be_used() -> None:
    file = SimulatedStorage(START).open("/data/a")
    file.close()
    with pytest.raises(OSError, match="EBADF"):
        file.size()


def test_lock_creates_the_file_and_fails_if_another_process_has_it() -> None:
    storage = SimulatedStorage(START)
    assert storage.lock("/data/lock")
    assert storage.lock("/data/lock")
    storage.locked.add("/data/lock")
    assert not storage.lock("/data/lock")
    assert read(storage, "/data/lock") == b""


def test_unsafe_owner_is_reported() -> None:
    storage = SimulatedStorage(START, unsafe={"/data/a": "others may write to it"})
    assert storage.owner_problem("/data/a") == "others may write to it"
    assert storage.owner_problem("/data/slots") is None
