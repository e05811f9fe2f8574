"""Tests of log_witness.py, with a witness on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.disclosure.log_add import add_records
from software_update.disclosure.log_folder import CHECKPOINT, create_log, put
from software_update.disclosure.log_witness import ask_witness
from software_update.repository.storages.folder import FolderStorage
from software_update.testing.memory_log import MemoryLog
from software_update.testing.witness_server import WitnessServer, serving
from software_update.transparency.note import parse_vkey

RECORDS = [b"record %d" % index for index in range(9)]
LOG = MemoryLog()


@pytest.fixture(name="witness")
def witness_fixture() -> Iterator[WitnessServer]:
    with serving(lambda: LOG.vkey) as witness:
        yield witness


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    storage = FolderStorage(str(tmp_path))
    create_log(storage, parse_vkey(LOG.vkey))
    return storage


def grow(storage: FolderStorage, records: list[bytes]) -> MemoryLog:
    """Makes the log one of these records, and signs it."""
    add_records(storage, records)
    log = MemoryLog(records)
    put(storage, CHECKPOINT, log.checkpoint())
    return log


def test_a_witness_cosigns_a_log_that_grows(storage: FolderStorage, witness: WitnessServer) -> None:
    for size in (1, 2, 5, 5, 8):
        log = grow(storage, RECORDS[:size])
        assert ask_witness(storage, witness.url) == witness.cosign(log.text())
        assert witness.seen == (size, log.root(size))


def test_a_witness_does_not_cosign_a_fork(storage: FolderStorage, witness: WitnessServer) -> None:
    witness.seen = (2, MemoryLog(RECORDS[1:3]).root(2))
    grow(storage, RECORDS[:5])
    with pytest.raises(InputError, match="does not cosign: 422 not consistent"):
        ask_witness(storage, f"{witness.url}/")


def test_a_witness_that_has_seen_more(storage: FolderStorage, witness: WitnessServer) -> None:
    witness.seen = (9, bytes(32))
    grow(storage, RECORDS[:5])
    with pytest.raises(InputError, match="the witness has seen 9"):
        ask_witness(storage, witness.url)


def test_addresses_that_are_not_of_a_witness(
    storage: FolderStorage, witness: WitnessServer
) -> None:
    grow(storage, RECORDS[:1])
    with pytest.raises(InputError, match="does not cosign: 404 no"):
        ask_witness(storage, f"{witness.url}/other")
    for url in ("file:///etc/passwd", "witness.example"):
        with pytest.raises(InputError, match="correct the policy"):
            ask_witness(storage, url)
    with pytest.raises(InputError, match="check the address"):
        ask_witness(storage, "http://127.0.0.1:1/")
