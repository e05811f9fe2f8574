"""Our proofs, checkpoints and tiles, checked by golang.org/x/mod/sumdb, and its proofs by us."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from software_update.disclosure.log_add import add_records
from software_update.disclosure.log_folder import CHECKPOINT, create_log, put
from software_update.disclosure.log_prove import prove
from software_update.repository.storages.folder import FolderStorage
from software_update.testing.memory_log import MemoryLog, MemoryWitness
from software_update.transparency.check import check_proof
from software_update.transparency.log_policy import parse_log_policy
from software_update.transparency.note import parse_vkey

# The first byte of a second tile, and a tree that is not complete.
SIZE = 259
LOG, WITNESS = MemoryLog([b"record %d" % index for index in range(SIZE)]), MemoryWitness()


class Peer:
    """The program of peer.go."""

    def __init__(self, folder: Path) -> None:
        self._program = folder / "peer"
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(folder),
            "GO111MODULE": "off",
            "GOPATH": "/usr/share/gocode",
            "CGO_ENABLED": "0",
        }
        command = ["go", "build", "-o", str(self._program), "tests/transparency/peer.go"]
        subprocess.run(command, env=environment, check=True)

    def run(self, *args: str | Path) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([self._program, *args], capture_output=True, check=False, timeout=60)


@pytest.fixture(name="peer", scope="module")
def peer_fixture(tmp_path_factory: pytest.TempPathFactory) -> Peer:
    return Peer(tmp_path_factory.mktemp("go"))


@pytest.fixture(name="storage", scope="module")
def storage_fixture(tmp_path_factory: pytest.TempPathFactory) -> FolderStorage:
    """A signed and cosigned log of LOG's records."""
    storage = FolderStorage(str(tmp_path_factory.mktemp("log")))
    create_log(storage, parse_vkey(LOG.vkey))
    for start in (0, 5, 255):
        add_records(storage, LOG.records[start:])
    put(storage, CHECKPOINT, LOG.checkpoint(WITNESS))
    return storage


def test_go_accepts_our_proofs(peer: Peer, storage: FolderStorage, tmp_path: Path) -> None:
    record, proof = tmp_path / "record", tmp_path / "proof"
    for index in (0, 1, 100, 255, 256, SIZE - 1):
        record.write_bytes(LOG.records[index])
        proof.write_bytes(prove(storage, LOG.records[index]))
        result = peer.run("proof", LOG.vkey, WITNESS.vkey, record, proof)
        assert (result.returncode, result.stderr) == (0, b"")
    record.write_bytes(b"another record")
    assert peer.run("proof", LOG.vkey, WITNESS.vkey, record, proof).returncode == 1


def test_go_reads_our_tiles(peer: Peer, storage: FolderStorage) -> None:
    root = base64.b64encode(LOG.root(SIZE)).decode()
    result = peer.run("tiles", Path(storage.path), str(SIZE), root)
    assert (result.returncode, result.stderr) == (0, b"")
    assert [base64.b64decode(line) for line in result.stdout.split()] == LOG.inclusion(
        SIZE - 1, SIZE
    )
    wrong = base64.b64encode(LOG.root(SIZE - 1)).decode()
    assert peer.run("tiles", Path(storage.path), str(SIZE), wrong).returncode == 1


@pytest.mark.parametrize("count", [1, 2, 7, 256, 300])
def test_we_accept_proofs_of_go(peer: Peer, count: int) -> None:
    vkey, _, proof = peer.run("make", str(count)).stdout.partition(b"\n")
    policy = parse_log_policy(b"log " + vkey + b"\nquorum none\n", "policy")
    checked = check_proof(proof, policy, b"record %d" % (count - 1))
    assert (checked.record_index, checked.checkpoint.size) == (count - 1, count)
