"""Tests of log_prove.py."""

import json
from pathlib import Path

import pytest

from software_update.testing.command import done, failed
from software_update.testing.log_folders import LogFolder
from software_update.testing.repositories import releases


@pytest.fixture
def log(tmp_path: Path) -> LogFolder:
    log = LogFolder(tmp_path)
    log.add(*releases(3))
    return log


def test_the_proof_is_next_to_the_bundle(log: LogFolder) -> None:
    bundle = log.bundle(releases(2)[1])
    out = done("log", "prove", log.path, bundle, *log.trusted).out
    assert out == f"{bundle}.tlog-proof: record 1 of 3 in log.example/firmware\n"
    proof = Path(f"{bundle}.tlog-proof").read_bytes()
    assert proof.startswith(b"c2sp.org/tlog-proof@v1\nindex 1\n")
    other = log.folder / "other"
    command = [
        "log",
        "prove",
        str(log.path),
        str(bundle),
        *log.trusted,
        f"--output={other}",
        "--json",
    ]
    found = json.loads(done(*command).out)
    assert (found["index"], found["size"], found["proof"]) == (1, 3, str(other))
    assert other.read_bytes() == proof


def test_a_personalized_bundle_has_the_same_proof(log: LogFolder) -> None:
    release = releases(1)[0]
    whole, small = log.prove(release), log.folder / "small.bundle"
    done("bundle", "personalize", whole, f"--installed={whole}", "-o", small)
    assert len(small.read_bytes()) < len(whole.read_bytes())
    verify = ["log", "verify", str(small), f"--proof={whole}.tlog-proof", f"--installed={whole}"]
    assert "ACCEPT" in done(*verify, f"--log-policy={log.policy}", *log.trusted).out


def test_a_release_that_is_not_in_the_log(log: LogFolder) -> None:
    bundle = log.bundle(releases(1, 4)[0])
    out = failed(1, "log", "prove", log.path, bundle, *log.trusted)
    assert "the log has not signed this release; add it" in out
    assert not Path(f"{bundle}.tlog-proof").exists()
