"""Tests of log_prove.py: the device's half accepts each proof."""

from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.disclosure.log_add import add_records
from software_update.disclosure.log_folder import CHECKPOINT, create_log, put
from software_update.disclosure.log_prove import NotInLog, prove, witness_request
from software_update.repository.storages.folder import FolderStorage
from software_update.testing.memory_log import MemoryLog, MemoryWitness, policy_text
from software_update.transparency.check import check_proof
from software_update.transparency.log_policy import parse_log_policy
from software_update.transparency.note import parse_vkey

RECORDS = [b"record %d" % index for index in range(300)]
LOG, WITNESS = MemoryLog(RECORDS[:290]), MemoryWitness()


@pytest.fixture(name="storage", scope="module")
def storage_fixture(tmp_path_factory: pytest.TempPathFactory) -> FolderStorage:
    """A log of 300 records, of which 290 are signed."""
    storage = FolderStorage(str(tmp_path_factory.mktemp("log")))
    create_log(storage, parse_vkey(LOG.vkey))
    add_records(storage, RECORDS[:290])
    put(storage, CHECKPOINT, LOG.checkpoint(WITNESS))
    add_records(storage, RECORDS[290:])
    return storage


def test_a_device_accepts_the_proof_of_each_record(storage: FolderStorage) -> None:
    policy = parse_log_policy(policy_text(LOG, WITNESS), "policy")
    for index in (0, 1, 254, 255, 256, 289):
        proof = prove(storage, RECORDS[index])
        assert proof == LOG.proof(index, WITNESS)
        assert check_proof(proof, policy, RECORDS[index]).record_index == index


def test_a_record_without_a_signed_checkpoint_has_no_proof(
    storage: FolderStorage, tmp_path: Path
) -> None:
    for record in (RECORDS[290], b"other"):
        with pytest.raises(NotInLog, match="has not signed this release"):
            prove(storage, record)
    unsigned = FolderStorage(str(tmp_path))
    create_log(unsigned, parse_vkey(LOG.vkey))
    with pytest.raises(InputError, match="is not signed yet"):
        prove(unsigned, RECORDS[0])


def test_a_request_to_a_witness(storage: FolderStorage) -> None:
    head, _, note = witness_request(storage, 270).partition(b"\n\n")
    assert head.startswith(b"old 270\n")
    assert len(head.splitlines()) == 1 + len(LOG.consistency(270, 290))
    assert note == LOG.checkpoint(WITNESS)
    assert witness_request(storage, 0).startswith(b"old 0\n\n")
    with pytest.raises(InputError, match="the witness has seen 291"):
        witness_request(storage, 291)
