"""Tests of log_folder.py."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.disclosure.log_folder import CHECKPOINT, UNSIGNED, create_log, put, read_log
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.repository.storage import Conflict
from software_update.repository.storages.folder import FolderStorage
from software_update.testing.memory_log import MemoryLog
from software_update.transparency.note import parse_vkey

LOG = MemoryLog()
KEY = parse_vkey(LOG.vkey)


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    storage = FolderStorage(str(tmp_path))
    create_log(storage, KEY)
    return storage


def test_a_new_log_is_empty_and_not_signed(storage: FolderStorage) -> None:
    log = read_log(storage)
    assert (log.key, log.unsigned.text(), log.signed) == (KEY, LOG.text(), None)
    create_log(storage, KEY)
    with pytest.raises(Conflict, match="another content"):
        create_log(storage, parse_vkey(MemoryLog(number=2).vkey))


def test_another_folder_is_not_a_log(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a log"):
        read_log(FolderStorage(str(tmp_path)))


def test_a_checkpoint_that_another_key_signed_is_refused(storage: FolderStorage) -> None:
    put(storage, CHECKPOINT, LOG.checkpoint())
    signed = read_log(storage).signed
    assert signed is not None
    assert signed.note.content() == LOG.checkpoint()
    put(storage, CHECKPOINT, MemoryLog(number=2).checkpoint())
    with pytest.raises(NotDisclosed, match="/checkpoint: the key of the log") as error:
        read_log(storage)
    assert error.value.refusal == Refusal.LOG_NOT_SIGNED


@pytest.mark.parametrize("text", [MemoryLog(origin="other.example").text(), LOG.text() + b"more\n"])
def test_the_text_to_sign_is_one_of_the_log(storage: FolderStorage, text: bytes) -> None:
    put(storage, UNSIGNED, text)
    with pytest.raises(InputError, match=r"is not one of the log log\.example/firmware"):
        read_log(storage)


@pytest.mark.parametrize("name", [CHECKPOINT, UNSIGNED])
def test_a_damaged_file_is_named(storage: FolderStorage, name: str) -> None:
    put(storage, name, b"damaged")
    with pytest.raises(NotDisclosed, match=f"MALFORMED_PROOF: .*/{name}: "):
        read_log(storage)
