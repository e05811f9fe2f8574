"""Tests of slots that are folders."""

import pytest

from software_update.client.installer import InstallError
from software_update.client.installers.directory import DirectoryInstaller
from software_update.testing.memory_storage import MemoryStorage

SLOTS = {"A": "/srv/slots/A", "B": "/srv/slots/B"}


@pytest.fixture(name="storage")
def storage_fixture() -> MemoryStorage:
    storage = MemoryStorage()
    storage.put("/srv/slots/A/app", b"running")
    return storage


@pytest.fixture(name="installer")
def installer_fixture(storage: MemoryStorage) -> DirectoryInstaller:
    return DirectoryInstaller(storage, SLOTS)


def install(installer: DirectoryInstaller, target: str, content: bytes) -> None:
    writer = installer.begin("B", target, len(content))
    for start in range(0, len(content), 3):
        writer.write(content[start : start + 3])
    writer.finish()


TARGETS = {"app": b"new release", "lib/deep/er/x.py": b"", "lib/y.py": b"import x"}


def install_all(installer: DirectoryInstaller) -> None:
    installer.clear("B")
    for target, content in TARGETS.items():
        install(installer, target, content)


def test_finished_targets_survive_a_power_cut_with_their_folders(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    install_all(installer)
    storage.cut_power()
    for target, content in TARGETS.items():
        assert installer.read("B", target, 0, 100) == content
    assert installer.read("B", "app", 4, 3) == b"rel"
    assert installer.read("B", "app", 11, 1) == b""
    assert storage.content("/srv/slots/A/app") == b"running"
    assert storage.open_files == 0


def test_target_survives_without_clear(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    """Folders from an interrupted run may exist without being on the medium."""
    storage.make_folder("/srv/slots/B/lib")
    install(installer, "lib/y.py", b"y")
    storage.cut_power()
    assert installer.read("B", "lib/y.py", 0, 9) == b"y"


def test_name_appears_only_when_the_bytes_are_on_the_medium(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    writer = installer.begin("B", "app", 3)
    writer.write(b"new")
    with pytest.raises(FileNotFoundError):
        installer.read("B", "app", 0, 1)
    writer.finish()
    verbs = [each.split()[0] for each in storage.log]
    assert verbs.index("sync") < verbs.index("rename") < verbs.index("sync_folder")
    assert storage.list("/srv/slots/B") == ["app"]


def test_every_failure_of_the_medium_is_an_install_error_and_heals(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    install_all(installer)
    calls = len(storage.log)
    for number in range(calls):
        storage.log.clear()
        storage.fail_at = number
        with pytest.raises(InstallError, match=r"^/srv/slots/B(/[a-z/.]+)?: Input/output error$"):
            install_all(installer)
        storage.cut_power()
        install_all(installer)
        storage.cut_power()
        assert installer.read("B", "app", 0, 100) == TARGETS["app"]
    assert calls > 20


def test_clear_removes_the_earlier_release(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    storage.put("/srv/slots/B/old/app", b"older")
    storage.put("/srv/slots/B/~", b"half")
    installer.clear("B")
    storage.cut_power()
    assert storage.list("/srv/slots/B") == []
    installer.clear("B")
    assert storage.list("/srv/slots") == ["A", "B"]


def test_clear_creates_the_folder(storage: MemoryStorage, installer: DirectoryInstaller) -> None:
    installer.clear("B")
    storage.cut_power()
    assert storage.exists("/srv/slots/B")


def test_leftovers_of_an_interrupted_write_do_not_stay(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    storage.put("/srv/slots/B/~", b"much longer than the target")
    install(installer, "app", b"new")
    assert installer.read("B", "app", 0, 100) == b"new"


def test_link_left_in_the_slot_is_not_followed(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    installer.clear("B")
    storage.make_link("../A/app", "/srv/slots/B/~")
    storage.make_link("../A/app", "/srv/slots/B/app")
    install(installer, "app", b"new")
    assert storage.content("/srv/slots/A/app") == b"running"
    assert storage.read_link("/srv/slots/B/app") is None


def test_target_continues_after_its_synced_bytes(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    installer.clear("B")
    writer = installer.resume("B", "lib/x/app", 7, 0)
    writer.write(b"new")
    writer.sync()
    first = len(storage.log)
    writer.write(b"...")
    writer.sync()
    assert storage.log[first:] == ["write /srv/slots/B/lib/x/~", "sync /srv/slots/B/lib/x/~"]
    storage.cut_power()
    assert installer.read_part("B", "lib/x/app", 0, 9) == b"new..."
    with pytest.raises(FileNotFoundError):
        installer.read("B", "lib/x/app", 0, 1)
    writer = installer.resume("B", "lib/x/app", 7, 3)
    writer.write(b" one")
    writer.finish()
    storage.cut_power()
    assert installer.read("B", "lib/x/app", 0, 9) == b"new one"
    assert storage.list("/srv/slots/B/lib/x") == ["app"]
    assert storage.open_files == 0


def test_target_of_a_killed_client_is_synced(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    installer.clear("B")
    storage.make_folder("/srv/slots/B/lib")
    storage.open_to_write("/srv/slots/B/lib/app").write(0, b"new")
    installer.sync_target("B", "lib/app")
    storage.cut_power()
    assert installer.read("B", "lib/app", 0, 9) == b"new"
    with pytest.raises(FileNotFoundError):
        installer.sync_target("B", "app")


def test_part_that_is_not_there_cannot_be_continued(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    with pytest.raises(FileNotFoundError):
        installer.read_part("B", "app", 0, 1)
    with pytest.raises(InstallError, match=r"^/srv/slots/B/app: only 0 of 4 bytes to continue "):
        installer.resume("B", "app", 7, 4)
    assert storage.open_files == 0


def test_link_in_place_of_a_part_is_not_followed(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    installer.clear("B")
    storage.make_link("../A/app", "/srv/slots/B/~")
    with pytest.raises(FileNotFoundError):
        installer.read_part("B", "app", 0, 1)
    with pytest.raises(InstallError, match="only 0 of 4 bytes"):
        installer.resume("B", "app", 7, 4)
    assert storage.content("/srv/slots/A/app") == b"running"


def test_space_of_the_earlier_release_counts(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    storage.free = 10
    assert installer.problem("B", "app", 10) is None
    assert installer.problem("B", "app", 11) == (
        "/srv/slots/B: has room for 10 bytes, and target 'app' has 11"
    )
    storage.put("/srv/slots/B/lib/x", bytes(20))
    storage.put("/srv/slots/B/app", bytes(3))
    storage.make_link("../A", "/srv/slots/B/other")
    storage.log.clear()
    assert installer.problem("B", "app", 33) is None
    assert installer.problem("B", "app", 34) is not None
    assert (storage.log, storage.open_files) == ([], 0)


def test_full_medium_names_the_target(
    storage: MemoryStorage, installer: DirectoryInstaller
) -> None:
    storage.free = 2
    writer = installer.begin("B", "app", 9)
    with pytest.raises(InstallError, match=r"^/srv/slots/B/app: No space left on device$"):
        writer.write(bytes(9))


@pytest.mark.parametrize("name", ["../A/app", "/etc/passwd", "a//b", "~", ""])
def test_name_that_is_not_verified_is_never_a_path(
    storage: MemoryStorage, installer: DirectoryInstaller, name: str
) -> None:
    assert str(installer.problem("B", name, 1)).startswith(f"target '{name}': its name ")
    with pytest.raises(InstallError, match=r"^target '.*': its name "):
        installer.begin("B", name, 1)
    with pytest.raises(InstallError, match=r"^target '.*': its name "):
        installer.read("B", name, 0, 1)
    assert storage.log == []


def test_unknown_slot(installer: DirectoryInstaller) -> None:
    with pytest.raises(InstallError, match=r"^slot 'C': has no folder; add one$"):
        installer.clear("C")


def test_check_of_the_configuration(storage: MemoryStorage, installer: DirectoryInstaller) -> None:
    assert installer.check() == []
    overlap = "/srv/slots/A: the folders of two slots overlap; give each its own"
    inside = DirectoryInstaller(storage, {"A": "/srv/slots/A", "B": "/srv/slots/A/B"})
    assert inside.check() == [overlap]
    same = DirectoryInstaller(storage, {"A": "/srv/slots/A", "B": "/srv/slots/A"})
    assert same.check() == [overlap, overlap]
    missing = DirectoryInstaller(storage, {"A": "/gone/A", "B": "/gone/B"})
    assert missing.check() == ["/gone: missing; create it, or correct the path"]
