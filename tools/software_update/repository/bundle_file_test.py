"""Tests of bundle_file.py."""

import errno
import os
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.base.files import copy_range
from software_update.bundle.head import read_head
from software_update.format.verdicts import Refused
from software_update.repository import bundle_file
from software_update.repository.bundle_file import copy_verified, describe
from software_update.repository.storage import UploadFile
from software_update.repository.storages.folder import FolderStorage
from software_update.testing import encode as e
from software_update.testing.memory_objects import MemoryObjects
from software_update.testing.repositories import Release
from software_update.verify.device import Device
from software_update.verify.trust_files import parse_trusted_root

DEVICE = Device(parse_trusted_root("root", e.signed(e.root(), e.ROOT_KEY)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.bundle"
    path.write_bytes(Release("1.0", 1, {"app": bytes(100_000)}).bundle)
    return path


class Prefix:
    """The first part of a bundle, as a client has it: reading more is an error."""

    def __init__(self, content: bytes, size: int) -> None:
        self._content, self._size = content, size

    def size(self) -> int:
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        assert offset + length <= len(self._content)
        return self._content[offset : offset + length]


def test_first_part_is_all_that_a_client_reads_before_it_asks(path: Path) -> None:
    with path.open("rb") as file:
        described = describe(str(path), file.fileno(), DEVICE)
    first_part = described.entry.first_part
    first = path.read_bytes()[:first_part]
    head = read_head(Prefix(first, path.stat().st_size), first_part)
    assert head.user_manifest == Release("1.0", 1).manifest
    assert head.end == first_part


def test_full_storage_is_named(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bundle_file, "copy_range", fill)
    storage = FolderStorage(str(tmp_path))
    with path.open("rb") as file, storage.publishing():
        described = describe(str(path), file.fileno(), DEVICE)
        with pytest.raises(OSError, match="No space left") as caught:
            copy_verified(described, storage)
    assert caught.value.filename == str(tmp_path)


def test_copy_for_a_storage_that_spools_and_for_one_that_does_not(
    path: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    sha256 = e.sha256(path.read_bytes()).hex()
    with path.open("rb") as file:
        described = describe(str(path), file.fileno(), DEVICE)
        upload, length, found, payloads = copy_verified(described, MemoryObjects())
        assert [each.name for each in payloads] == ["user_manifest", "app"]
        assert upload == UploadFile(str(path), file.fileno(), length, sha256)
        assert (length, found) == (path.stat().st_size, sha256)
        with FolderStorage(str(folder)).publishing():
            spool, length, found, _ = copy_verified(described, FolderStorage(str(folder)))
            assert (length, found) == (path.stat().st_size, sha256)
            assert not isinstance(spool, UploadFile)
            spool.commit("targets/a")
    assert (folder / "targets/a").read_bytes() == path.read_bytes()


def test_bad_payload_and_failed_sync_leave_no_copy(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = FolderStorage(str(tmp_path))
    with path.open("r+b") as file, storage.publishing():
        described = describe(str(path), file.fileno(), DEVICE)
        os.pwrite(file.fileno(), b"x", path.stat().st_size - 10)
        with pytest.raises(Refused):
            copy_verified(described, storage)
        os.pwrite(file.fileno(), b"\0", path.stat().st_size - 10)

        def full(_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("software_update.repository.storages.folder.FolderSpool.sync", full)
        with pytest.raises(OSError, match="No space left"):
            copy_verified(described, storage)
    assert [each.name for each in (tmp_path / ".publishing").iterdir()] == ["lock"]


def test_metadata_that_changes_while_it_is_copied_is_an_error(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Release("1.0", 2, {"app": bytes(100_000)}).bundle
    storage = FolderStorage(str(tmp_path))
    with path.open("r+b") as file, storage.publishing():
        described = describe(str(path), file.fileno(), DEVICE)

        def changed_copy(source: int, target: int, length: int) -> None:
            path.write_bytes(other)
            copy_range(source, target, length)

        monkeypatch.setattr(bundle_file, "copy_range", changed_copy)
        with pytest.raises(InputError, match="was changed while it was read"):
            copy_verified(described, storage)
        monkeypatch.setattr(
            bundle_file, "copy_range", lambda one, other, _: copy_range(one, other, 10**6)
        )
        with pytest.raises(InputError, match="became shorter"):
            copy_verified(described, storage)
    assert [each.name for each in (tmp_path / ".publishing").iterdir()] == ["lock"]
