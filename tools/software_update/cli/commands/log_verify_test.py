"""Tests of log_verify.py: each proof that a device refuses, by name."""

import json
from pathlib import Path

import pytest

from software_update.testing.command import call, done, failed
from software_update.testing.log_folders import LogFolder
from software_update.testing.memory_log import MemoryLog, MemoryWitness, policy_text
from software_update.testing.repositories import releases

FIRST, SECOND, THIRD = releases(3)


@pytest.fixture
def log(tmp_path: Path) -> LogFolder:
    log = LogFolder(tmp_path)
    log.add(FIRST, SECOND)
    return log


def arguments(log: LogFolder, bundle: Path) -> list[str | Path]:
    return ["log", "verify", bundle, f"--log-policy={log.policy}", *log.trusted]


def test_a_proof_that_holds(log: LogFolder) -> None:
    bundle = log.prove(SECOND)
    assert done(*arguments(log, bundle)).out.splitlines() == [
        f"{bundle}: ACCEPT",
        "  record 1 of 2 in log.example/firmware",
        "  cosigned 2027-01-15T08:00:00Z by w",
        "  the time is at least 2027-01-15T08:00:00Z",
    ]
    found = json.loads(done(*arguments(log, bundle), "--json").out)
    assert (found["result"], found["release"]) == ("ACCEPT", SECOND.digest)
    done(*arguments(log, bundle), "--not-before=2027-01-15T08:00:00Z")


def test_missing_proof(log: LogFolder) -> None:
    refused = failed(1, *arguments(log, log.bundle(FIRST)))
    assert "MISSING_PROOF: " in refused
    assert "make it with: software-update log prove" in refused


def test_proof_of_another_release(log: LogFolder) -> None:
    proof = f"--proof={log.prove(FIRST)}.tlog-proof"
    refused = failed(1, *arguments(log, log.bundle(SECOND)), proof)
    assert "PROOF_OF_ANOTHER_RELEASE: " in refused


def test_cut_checkpoint(log: LogFolder) -> None:
    bundle = log.prove(FIRST)
    proof = Path(f"{bundle}.tlog-proof")
    proof.write_bytes(proof.read_bytes()[:-20])
    assert "MALFORMED_PROOF: " in failed(1, *arguments(log, bundle))


def test_unknown_log(log: LogFolder) -> None:
    other = MemoryLog(origin="other.example")
    log.policy.write_bytes(policy_text(other, log.witness))
    assert "UNKNOWN_LOG: " in failed(1, *arguments(log, log.prove(FIRST)))


def test_unsigned(log: LogFolder) -> None:
    other = MemoryLog(number=99)
    log.policy.write_bytes(policy_text(other, log.witness))
    assert "LOG_NOT_SIGNED: " in failed(1, *arguments(log, log.prove(FIRST)))


def test_witnesses_missing(log: LogFolder) -> None:
    stranger = MemoryWitness("other.example", 98)
    log.policy.write_bytes(policy_text(MemoryLog(), stranger))
    assert "WITNESSES_MISSING: " in failed(1, *arguments(log, log.prove(FIRST)))


def test_stale_witness(log: LogFolder) -> None:
    late = "--not-before=2027-01-15T08:00:01Z"
    refused = failed(1, *arguments(log, log.prove(FIRST)), late)
    assert "WITNESS_STALE: " in refused
    result = call(*arguments(log, log.bundle(FIRST)), late, "--json")
    assert result.status == 1
    found = json.loads(result.out)
    assert (found["result"], found["log"]) == ("WITNESS_STALE", None)


def test_a_bundle_that_devices_reject(log: LogFolder) -> None:
    bundle = log.prove(FIRST)
    bundle.write_bytes(bundle.read_bytes()[:-1])
    assert "ACCEPT" not in failed(1, *arguments(log, bundle))


def test_a_policy_that_is_not_valid(log: LogFolder) -> None:
    log.policy.write_text("quorum everyone\n")
    assert "log-policy.txt: line 1: 'everyone'" in failed(3, *arguments(log, log.prove(FIRST)))
