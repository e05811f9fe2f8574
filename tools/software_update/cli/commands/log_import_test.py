"""Tests of log_import.py, with proofs of a Sigsum log that has one record."""

import hashlib
from pathlib import Path

import pytest

from software_update.testing.command import done, failed
from software_update.testing.log_folders import KEY, LogFolder
from software_update.testing.memory_log import COSIGNED, MemoryLog
from software_update.testing.repositories import releases
from software_update.transparency.note import parse_vkey

KEY_HASH = hashlib.sha256(parse_vkey(MemoryLog(number=KEY).vkey).keyval).hexdigest()
SUBMITTED = bytes(64) + bytes(32)


@pytest.fixture
def log(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path, f"sigsum.org/v1/tree/{KEY_HASH}")


def submit(log: LogFolder, bundle: Path) -> Path:
    """Writes the proof of a Sigsum log whose only leaf is the record of a bundle."""
    record, proof = log.folder / "record", log.folder / "record.proof"
    done("log", "record", bundle, *log.trusted, "-o", record)
    checksum = hashlib.sha256(hashlib.sha256(record.read_bytes()).digest()).digest()
    sigsum = MemoryLog([checksum + SUBMITTED], f"sigsum.org/v1/tree/{KEY_HASH}", KEY)
    text = sigsum.text()
    cosigned = b"cosignature/v1\ntime %d\n" % COSIGNED + text
    witness = hashlib.sha256(parse_vkey(log.witness.vkey).keyval).hexdigest()
    proof.write_text(
        f"version=2\nlog={KEY_HASH}\nleaf={'00' * 32} {'00' * 64}\n\n"
        f"size=1\nroot_hash={sigsum.root(1).hex()}\nsignature={sigsum.sign(text).hex()}\n"
        f"cosignature={witness} {COSIGNED} {log.witness.sign(cosigned).hex()}\n"
    )
    return proof


def test_a_proof_of_a_sigsum_log(log: LogFolder) -> None:
    bundle = log.bundle(releases(1)[0])
    proof, policy = submit(log, bundle), f"--log-policy={log.policy}"
    out = done("log", "import", bundle, f"--sigsum={proof}", policy, *log.trusted).out
    assert out == f"{bundle}.tlog-proof: record 0 of 1 in sigsum.org/v1/tree/{KEY_HASH}\n"
    assert "ACCEPT" in done("log", "verify", bundle, policy, *log.trusted).out


def test_a_proof_of_another_release(log: LogFolder) -> None:
    first, second = releases(2)
    proof = submit(log, log.bundle(first))
    bundle, policy = log.bundle(second), f"--log-policy={log.policy}"
    refused = failed(1, "log", "import", bundle, f"--sigsum={proof}", policy, *log.trusted)
    assert refused.startswith("PROOF_OF_ANOTHER_RELEASE: ")
    assert not Path(f"{bundle}.tlog-proof").exists()
