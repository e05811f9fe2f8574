"""Tests of bundles in files and folders."""

import errno

import pytest

from software_update.client.source import Source, SourceError, attachment_of
from software_update.client.sources.file import FileSource, FolderSource
from software_update.testing.memory_storage import MemoryStorage


@pytest.fixture(name="storage")
def storage_fixture() -> MemoryStorage:
    storage = MemoryStorage()
    storage.put("/stick/app.bundle", b"0123456789")
    return storage


def test_file_is_read_at_any_offset(storage: MemoryStorage) -> None:
    bundle = FileSource(storage, "/stick/app.bundle").open()
    assert bundle is not None
    assert (bundle.size(), bundle.can_reread, bundle.identity) == (10, True, "")
    bundle.expect(0, 10)
    assert (bundle.read(3, 4), bundle.read(0, 2), bundle.read(9, 1)) == (b"3456", b"01", b"9")
    bundle.close()
    assert storage.open_files == 0


def test_missing_file_offers_nothing(storage: MemoryStorage) -> None:
    assert FileSource(storage, "/stick/other.bundle").open() is None
    assert FileSource(storage, "/no/app.bundle").open() is None


@pytest.mark.parametrize("offset", [8, 10, 11])
def test_read_beyond_the_end_is_an_error(storage: MemoryStorage, offset: int) -> None:
    bundle = FileSource(storage, "/stick/app.bundle").open()
    assert bundle is not None
    with pytest.raises(
        SourceError, match=f"/stick/app.bundle: ends before byte {offset + 3}; do not"
    ):
        bundle.read(offset, 3)


def test_failing_medium_is_an_error_with_its_place(
    storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "other text")

    bundle = FileSource(storage, "/stick/app.bundle").open()
    assert bundle is not None
    monkeypatch.setattr(storage, "act", fail)
    with pytest.raises(SourceError) as caught:
        bundle.read(0, 1)
    assert str(caught.value) == "/stick/app.bundle: Input/output error"
    for source in (FileSource(storage, "/stick/app.bundle"), FolderSource(storage, "/stick")):
        monkeypatch.setattr(storage, "open", fail)
        monkeypatch.setattr(storage, "list", fail)
        with pytest.raises(SourceError, match=r"^/stick.*: Input/output error$"):
            source.open()


@pytest.mark.parametrize("folder", ["/stick", "/stick/"])
def test_folder_offers_its_only_bundle(storage: MemoryStorage, folder: str) -> None:
    storage.put("/stick/._app.bundle", b"")
    storage.put("/stick/app.bundle.txt", b"")
    bundle = FolderSource(storage, folder).open()
    assert bundle is not None
    assert bundle.read(0, 10) == b"0123456789"


def test_folder_without_a_bundle_offers_nothing(storage: MemoryStorage) -> None:
    storage.put("/empty/notes.txt", b"")
    assert FolderSource(storage, "/empty").open() is None
    assert FolderSource(storage, "/missing").open() is None


def test_folder_with_several_bundles_is_an_error(storage: MemoryStorage) -> None:
    storage.put("/stick/b.bundle", b"")
    with pytest.raises(SourceError) as caught:
        FolderSource(storage, "/stick").open()
    assert str(caught.value) == (
        "/stick: contains 2 bundles (app.bundle, b.bundle); leave only one there"
    )
    storage.put("/stick/c.bundle", b"")
    storage.put("/stick/d.bundle", b"")
    with pytest.raises(SourceError, match=r"4 bundles \(app.bundle, b.bundle, c.bundle, ...\)"):
        FolderSource(storage, "/stick").open()


def test_sources_describe_their_place(storage: MemoryStorage) -> None:
    sources: list[Source] = [FileSource(storage, "/a/b.bundle"), FolderSource(storage, "/stick")]
    assert [each.describe() for each in sources] == ["/a/b.bundle", "/stick"]


def test_files_next_to_a_bundle(storage: MemoryStorage) -> None:
    storage.put("/stick/app.bundle.tlog-proof", b"proof")
    storage.put("/stick/app.bundle.attachments/audit", b"audit")
    for source in (FileSource(storage, "/stick/app.bundle"), FolderSource(storage, "/stick")):
        bundle = source.open()
        assert bundle is not None
        assert attachment_of(bundle, "tlog-proof", 5) == b"proof"
        assert attachment_of(bundle, "tlog-proof", 2) == b"pro"
        assert attachment_of(bundle, "audit", 5) == b"audit"
        assert attachment_of(bundle, "sbom", 5) is None
        bundle.close()
    assert storage.open_files == 0


def test_failing_medium_names_the_attachment(
    storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "other text")

    bundle = FileSource(storage, "/stick/app.bundle").open()
    assert bundle is not None
    monkeypatch.setattr(storage, "exists", fail)
    with pytest.raises(SourceError, match=r"^/stick/app\.bundle\.tlog-proof: Input/output error$"):
        attachment_of(bundle, "tlog-proof", 5)
