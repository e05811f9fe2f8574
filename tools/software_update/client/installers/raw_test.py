"""Tests of raw slots."""

import pytest

from software_update.client.installer import InstallError
from software_update.client.installers.raw import RawInstaller
from software_update.testing.memory_storage import MemoryStorage

DEVICE = "/dev/b"
FILE = "/slots/b"


@pytest.fixture(name="storage")
def storage_fixture() -> MemoryStorage:
    storage = MemoryStorage()
    storage.put("/dev/a", bytes(16))
    storage.put(DEVICE, b"older release...")
    storage.put("/slots/a", b"running")
    storage.put(FILE, b"older release...")
    return storage


def installer(storage: MemoryStorage, path: str) -> RawInstaller:
    return RawInstaller(storage, "app", {"A": path[:-1] + "a", "B": path})


def install(storage: MemoryStorage, path: str, content: bytes) -> None:
    writer = installer(storage, path).begin("B", "app", len(content))
    for start in range(0, len(content), 3):
        writer.write(memoryview(content)[start : start + 3])
    writer.finish()


def test_device_keeps_the_bytes_after_the_target(storage: MemoryStorage) -> None:
    install(storage, DEVICE, b"new one")
    assert storage.content(DEVICE) == b"new one" + b"older release..."[7:]
    assert installer(storage, DEVICE).read("B", "app", 4, 3) == b"one"


def test_file_has_the_length_of_the_target(storage: MemoryStorage) -> None:
    install(storage, FILE, b"new one")
    assert installer(storage, FILE).read("B", "app", 0, 100) == b"new one"
    assert installer(storage, FILE).read("B", "app", 7, 100) == b""


@pytest.mark.parametrize("path", [DEVICE, FILE])
def test_finished_target_survives_a_power_cut(storage: MemoryStorage, path: str) -> None:
    install(storage, path, b"new one")
    storage.cut_power()
    assert installer(storage, path).read("B", "app", 0, 7) == b"new one"
    assert storage.open_files == 0


def test_cache_is_dropped_after_the_sync(storage: MemoryStorage) -> None:
    install(storage, DEVICE, b"new one")
    assert storage.log[-2:] == [f"sync {DEVICE}", f"drop_cache {DEVICE}"]


def test_aborted_target_closes_the_slot(storage: MemoryStorage) -> None:
    writer = installer(storage, FILE).begin("B", "app", 9)
    writer.write(b"new")
    writer.abort()
    assert storage.open_files == 0
    assert f"sync {FILE}" not in storage.log


def test_more_and_fewer_bytes_than_announced(storage: MemoryStorage) -> None:
    writer = installer(storage, FILE).begin("B", "app", 4)
    writer.write(b"new")
    with pytest.raises(InstallError, match=r"^/slots/b: 5 bytes for a target of 4; "):
        writer.write(b"er")
    with pytest.raises(InstallError, match=r"^/slots/b: only 3 of 4 bytes; write it again$"):
        writer.finish()
    assert storage.open_files == 0


def test_device_too_small(storage: MemoryStorage) -> None:
    raw = installer(storage, DEVICE)
    assert raw.problem("B", "app", 16) is None
    assert raw.problem("B", "app", 17) == ("/dev/b: has room for 16 bytes, and target 'app' has 17")
    assert storage.log == []


def test_file_grows_into_free_space(storage: MemoryStorage) -> None:
    storage.free = 10
    raw = installer(storage, FILE)
    assert raw.problem("B", "app", 26) is None
    install(storage, FILE, bytes(26))
    assert raw.problem("B", "app", 27) == (
        "/slots/b: has room for 26 bytes, and target 'app' has 27"
    )


def test_full_medium_names_the_slot(storage: MemoryStorage) -> None:
    writer = installer(storage, DEVICE).begin("B", "app", 99)
    with pytest.raises(InstallError, match=r"^/dev/b: No space left on device$"):
        writer.write(bytes(99))


def test_every_failure_of_the_medium_is_an_install_error(storage: MemoryStorage) -> None:
    install(storage, FILE, b"new one")
    installer(storage, FILE).read("B", "app", 0, 1)
    for number in range(len(storage.log)):
        storage.log.clear()
        storage.open_files = 0
        storage.fail_at = number
        with pytest.raises(InstallError, match=r"^/slots/b: Input/output error$"):
            install(storage, FILE, b"new one")
            installer(storage, FILE).read("B", "app", 0, 1)
        storage.cut_power()
    assert number > 4


def test_missing_device_is_not_created(storage: MemoryStorage) -> None:
    storage.remove(DEVICE)
    raw = installer(storage, DEVICE)
    expected = "/dev/b: missing; create it, or correct the path"
    assert raw.check() == [expected]
    assert raw.problem("B", "app", 1) == expected
    with pytest.raises(InstallError, match=f"^{expected}$"):
        raw.begin("B", "app", 1)
    with pytest.raises(FileNotFoundError):
        raw.read("B", "app", 0, 1)
    assert not storage.exists(DEVICE)


def test_check_of_the_configuration(storage: MemoryStorage) -> None:
    assert installer(storage, DEVICE).check() == []
    twice = RawInstaller(storage, "app", {"A": FILE, "B": FILE})
    assert twice.check() == [f"{FILE}: is the path of several slots; give each its own"]


def test_other_targets_and_slots(storage: MemoryStorage) -> None:
    raw = installer(storage, FILE)
    assert raw.problem("B", "other", 1) == "target 'other': its installer takes only 'app'"
    with pytest.raises(InstallError, match=r"^slot 'C': has no path for target 'app'; add one$"):
        raw.begin("C", "app", 1)
    assert storage.log == []


def test_clear_empties_a_file_and_not_a_device(storage: MemoryStorage) -> None:
    installer(storage, FILE).clear("B")
    storage.cut_power()
    assert storage.content(FILE) == b""
    storage.log.clear()
    installer(storage, DEVICE).clear("B")
    installer(storage, DEVICE).clear("C")
    storage.remove(FILE)
    installer(storage, FILE).clear("B")
    assert storage.content(DEVICE) == b"older release..."
    assert storage.log == [f"remove {FILE}"]
    assert storage.open_files == 0


@pytest.mark.parametrize("path", [DEVICE, FILE])
def test_target_continues_after_its_synced_bytes(storage: MemoryStorage, path: str) -> None:
    raw = installer(storage, path)
    writer = raw.resume("B", "app", 7, 0)
    writer.write(b"new")
    writer.sync()
    writer.write(b"...")
    storage.cut_power()
    assert raw.read_part("B", "app", 0, 3) == b"new"
    writer = raw.resume("B", "app", 7, 3)
    writer.write(b" one")
    writer.finish()
    assert raw.read("B", "app", 0, 7) == b"new one"
    assert storage.open_files == 0


def test_target_of_a_killed_client_is_synced(storage: MemoryStorage) -> None:
    writer = installer(storage, DEVICE).begin("B", "app", 3)
    writer.write(b"new")
    installer(storage, DEVICE).sync_target("B", "app")
    assert storage.log[-2:] == [f"sync {DEVICE}", f"drop_cache {DEVICE}"]
    storage.cut_power()
    assert installer(storage, DEVICE).read("B", "app", 0, 3) == b"new"
    storage.remove(DEVICE)
    with pytest.raises(FileNotFoundError):
        installer(storage, DEVICE).sync_target("B", "app")


def test_part_that_is_not_there_cannot_be_continued(storage: MemoryStorage) -> None:
    install(storage, FILE, b"new")
    with pytest.raises(
        InstallError, match=r"^/slots/b: only 3 of 4 bytes to continue after; write it again$"
    ):
        installer(storage, FILE).resume("B", "app", 7, 4)
    assert storage.content(FILE) == b"new"
    assert storage.open_files == 0
