"""Tests of log_add.py: records that are new, records that are not, and commands that are killed."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.disclosure.log_add import Added, add_records, check_key, find_record
from software_update.disclosure.log_folder import UNSIGNED, create_log, put, read_log, tiles_of
from software_update.format import metadata
from software_update.repository.storages.folder import FolderStorage
from software_update.testing import encode as e
from software_update.testing.memory_log import MemoryLog
from software_update.testing.signers import ROOT_KEY
from software_update.transparency.note import parse_vkey

RECORDS = [b"record %d" % index for index in range(7)]
KEY = parse_vkey(MemoryLog().vkey)


class Killed(Exception):
    """The end of a command in the middle of its writes."""


class KilledStorage(FolderStorage):
    """A folder whose command is killed before write number `writes`."""

    writes = 1000

    def replace(self, name: str, content: bytes, tag: str | None) -> None:
        self.writes -= 1
        if self.writes < 0:
            raise Killed
        super().replace(name, content, tag)


@pytest.fixture
def storage(tmp_path: Path) -> KilledStorage:
    storage = KilledStorage(str(tmp_path))
    create_log(storage, KEY)
    storage.writes = 1000
    return storage


def test_records_are_added_in_their_order(storage: KilledStorage) -> None:
    added, size = add_records(storage, RECORDS[:3])
    assert (added, size) == ([Added(0, True), Added(1, True), Added(2, True)], 3)
    log = MemoryLog(RECORDS[:3])
    assert read_log(storage).unsigned.text() == log.text()
    tiles = tiles_of(storage, 3)
    assert list(tiles.records()) == RECORDS[:3]
    assert [find_record(storage, tiles, each) for each in RECORDS[:4]] == [0, 1, 2, None]


def test_a_record_is_added_once(storage: KilledStorage) -> None:
    add_records(storage, RECORDS[:2])
    before = storage.writes
    assert add_records(storage, RECORDS[:2]) == ([Added(0, False), Added(1, False)], 2)
    assert storage.writes == before
    added, size = add_records(storage, [RECORDS[2], RECORDS[0], RECORDS[2]])
    assert (added, size) == ([Added(2, True), Added(0, False), Added(2, False)], 3)


def test_a_killed_command_leaves_the_log_as_it_was(storage: KilledStorage) -> None:
    add_records(storage, RECORDS[:3])
    for writes in range(5):
        storage.writes = writes
        with pytest.raises(Killed):
            add_records(storage, [b"killed %d" % writes, RECORDS[3]])
        assert read_log(storage).unsigned.text() == MemoryLog(RECORDS[:3]).text()
        tiles = tiles_of(storage, 3)
        assert [find_record(storage, tiles, each) for each in RECORDS[:4]] == [0, 1, 2, None]
    storage.writes = 1000
    assert add_records(storage, RECORDS[2:5]) == (
        [Added(2, False), Added(3, True), Added(4, True)],
        5,
    )
    assert read_log(storage).unsigned.text() == MemoryLog(RECORDS[:5]).text()
    assert list(tiles_of(storage, 5).records()) == RECORDS[:5]


def test_one_new_record_writes_4_files(storage: KilledStorage) -> None:
    add_records(storage, RECORDS[:3])
    before = storage.writes
    add_records(storage, [RECORDS[3]])
    # Its record, its hash, its place in the index, and the checkpoint to sign.
    assert before - storage.writes == 4


def test_a_damaged_log_is_not_continued(storage: KilledStorage) -> None:
    add_records(storage, RECORDS[:3])
    put(storage, UNSIGNED, MemoryLog(RECORDS[1:4]).text())
    with pytest.raises(InputError, match="do not have the root of its 3 records"):
        add_records(storage, RECORDS[3:])


def test_a_record_that_is_too_long(storage: KilledStorage) -> None:
    with pytest.raises(InputError, match="more than 65535 bytes"):
        add_records(storage, [bytes(65536)])


def test_the_key_of_a_log_is_not_a_key_of_the_product() -> None:
    keyval = KEY.keyval
    listed = metadata.ListedKey(b"", 2, 2, keyval)
    _, root = metadata.parse_signed_root(e.signed(e.root(), ROOT_KEY))
    check_key(KEY, [root])
    with pytest.raises(InputError, match="is a key of root 1 of the product"):
        check_key(KEY, [root, root._replace(keys=(*root.keys, listed))])
