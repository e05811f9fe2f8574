"""Tests of folder.py."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.repository.storage import Conflict, Listed, Spools, Storage, UploadFile
from software_update.repository.storages import folder
from software_update.repository.storages.folder import FolderStorage
from software_update.testing.storage_promises import check_replacement

NAME = "targets/my lamp/stable/ab.1.bundle"
TIMESTAMP = "metadata/timestamp.json"


@pytest.fixture(name="storage")
def storage_fixture(tmp_path: Path) -> FolderStorage:
    (tmp_path / "a repository").mkdir()
    return FolderStorage(str(tmp_path / "a repository"))


@pytest.fixture(name="upload")
def upload_fixture(tmp_path: Path) -> Iterator[UploadFile]:
    path = tmp_path / "bundle"
    path.write_bytes(b"bundle" * 500_000)
    with path.open("rb") as file:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        yield UploadFile(str(path), file.fileno(), path.stat().st_size, digest)


def content(storage: Storage, name: str = NAME) -> bytes | None:
    found = storage.read(name, 10_000_000)
    return found.content if found else None


def files(storage: FolderStorage) -> list[str]:
    return sorted(each.name for each in storage.list(""))


def spool_files(storage: FolderStorage) -> list[str]:
    return os.listdir(Path(storage.path, folder.OWN_FOLDER))


def test_object_is_read_as_it_was_written(storage: FolderStorage) -> None:
    assert content(storage) is None
    storage.put_new(NAME, b"content")
    assert content(storage) == b"content"
    with storage.open(NAME) as stream:
        assert stream.read() == b"content"


def test_open_of_a_missing_object_is_an_error(storage: FolderStorage) -> None:
    with pytest.raises(FileNotFoundError):
        storage.open(NAME)


def test_object_that_is_too_long_is_rejected(storage: FolderStorage) -> None:
    storage.put_new(NAME, b"123456")
    assert storage.read(NAME, 6) is not None
    with pytest.raises(InputError, match=r"ab\.1\.bundle: larger than 5 bytes"):
        storage.read(NAME, 5)


def test_file_is_copied(storage: FolderStorage, upload: UploadFile) -> None:
    storage.put_new(NAME, upload)
    assert content(storage) == b"bundle" * 500_000


def test_file_that_changes_while_it_is_copied_is_rejected(
    storage: FolderStorage, upload: UploadFile
) -> None:
    Path(upload.path).write_bytes(b"BUNDLE" * 500_000)
    with pytest.raises(InputError, match="bundle: was changed while it was read"):
        storage.put_new(NAME, upload)
    Path(upload.path).write_bytes(b"short")
    with pytest.raises(InputError, match="a file became shorter while it was read"):
        storage.put_new(NAME, upload)
    assert files(storage) == []
    assert spool_files(storage) == ["lock"]


@pytest.mark.parametrize("other", [b"another", b"longer than content"])
def test_object_never_changes(storage: FolderStorage, other: bytes) -> None:
    storage.put_new(NAME, b"content")
    before = os.stat(Path(storage.path, NAME))
    storage.put_new(NAME, b"content")
    with pytest.raises(Conflict, match="is there with another content"):
        storage.put_new(NAME, other)
    after = os.stat(Path(storage.path, NAME))
    assert (content(storage), after.st_ino) == (b"content", before.st_ino)
    assert spool_files(storage) == ["lock"]


def test_timestamp_is_replaced_if_it_is_the_one_that_was_read(storage: FolderStorage) -> None:
    check_replacement(storage)


def test_content_is_durable_before_it_has_its_name(
    storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order of syncs and renames; each sync is noted with the name of the file or folder."""
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def noted_sync(fd: int) -> None:
        done.append(f"sync {Path(os.readlink(f'/proc/self/fd/{fd}')).name}")
        sync(fd)

    def noted_replace(source: str, place: str) -> None:
        done.append(f"rename {Path(source).name}")
        replace(source, place)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    monkeypatch.setattr("secrets.token_hex", lambda _: "new")
    storage.put_new("targets/app/ab.bundle", b"content")
    top = Path(storage.path).name
    assert done == [f"sync {top}", "sync targets", "sync new", "rename new", "sync app"]
    done.clear()
    # A publisher that was killed may not have come to the last sync.
    storage.put_new("targets/app/ab.bundle", b"content")
    assert done == ["sync app"]


def test_list_has_name_length_and_time(storage: FolderStorage) -> None:
    assert list(storage.list("targets/")) == []
    for name in (NAME, "targets/other/b.json", "metadata/1.root.json"):
        storage.put_new(name, b"12345")
        os.utime(Path(storage.path, name), (1_700_000_000.9, 1_700_000_000.9))
    assert sorted(storage.list("targets/")) == [
        Listed(NAME, 5, 1_700_000_000),
        Listed("targets/other/b.json", 5, 1_700_000_000),
    ]
    assert [each.name for each in storage.list("metadata/1.r")] == ["metadata/1.root.json"]
    assert len(files(storage)) == 3


def test_removed_object_is_gone(storage: FolderStorage) -> None:
    storage.put_new(NAME, b"1")
    storage.remove(NAME)
    storage.remove(NAME)
    assert content(storage) is None


def test_second_publisher_waits_for_nothing(storage: FolderStorage) -> None:
    with storage.publishing():
        with storage.publishing():
            storage.put_new(NAME, b"1")
        with pytest.raises(Conflict, match="another command is publishing there; wait"):
            FolderStorage(storage.path).put_new("b", b"2")
    FolderStorage(storage.path).put_new("b", b"2")


def test_killed_publisher_leaves_no_lock_and_no_file(storage: FolderStorage) -> None:
    script = (
        "import os, signal, sys\n"
        "from software_update.repository.storages.folder import FolderStorage\n"
        "storage = FolderStorage(sys.argv[1])\n"
        "with storage.publishing():\n"
        "    os.write(storage.spool().fd, b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script, storage.path], env=env, check=False)
    assert len(spool_files(storage)) == 2
    with storage.publishing():
        assert spool_files(storage) == ["lock"]


def test_spool_gets_its_name_at_the_end(storage: FolderStorage) -> None:
    assert isinstance(storage, Spools)
    with storage.publishing():
        spool = storage.spool()
        os.write(spool.fd, b"content")
        spool.sync()
        assert files(storage) == []
        spool.commit(NAME)
        spool.abort()
    assert content(storage) == b"content"


def test_aborted_spool_leaves_nothing(storage: FolderStorage) -> None:
    with storage.publishing():
        spool = storage.spool()
        spool.abort()
        assert spool_files(storage) == ["lock"]


def test_bad_name_is_rejected(storage: FolderStorage) -> None:
    for name in ("../outside", "/etc/passwd", ""):
        with pytest.raises(InputError, match="not the name of an object"):
            storage.put_new(name, b"")


def test_missing_folder_is_one_line(tmp_path: Path) -> None:
    storage = FolderStorage(str(tmp_path / "none"))
    with pytest.raises(InputError, match="none: there is no such folder; make it"):
        storage.put_new(NAME, b"1")
    assert storage.describe() == str(tmp_path / "none")


def test_full_disk_names_the_object(
    storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, rest: memoryview) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match=r"No space left on device: .*ab\.1\.bundle"):
        storage.put_new(NAME, b"1")
    assert spool_files(storage) == ["lock"]


def test_list_reports_a_folder_that_cannot_be_read(
    storage: FolderStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(PermissionError):
        list(storage.list(""))
