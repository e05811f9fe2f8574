"""Tests of log_witness_merge.py."""

import json
from pathlib import Path

import pytest

from software_update.testing.command import call, done, failed
from software_update.testing.log_folders import LogFolder
from software_update.testing.memory_log import COSIGNED
from software_update.testing.repositories import releases
from software_update.testing.witness_server import serving


@pytest.fixture
def log(tmp_path: Path) -> LogFolder:
    log = LogFolder(tmp_path)
    log.add(*releases(1))
    return log


def test_a_cosignature_is_added_once(log: LogFolder) -> None:
    answer = log.folder / "answer"
    answer.write_bytes(log.cosign(COSIGNED + 60))
    merge = ("log", "witness-merge", log.path, answer, f"--log-policy={log.policy}")
    assert done(*merge).out == "w: cosigned 2027-01-15T08:01:00Z: added\n"
    again = done(*merge).out
    assert again == "w: cosigned 2027-01-15T08:01:00Z: is there already, or a newer one\n"
    found = json.loads(done(*merge, "--json").out)["cosignatures"]
    assert found == [{"witness": "w", "time": "2027-01-15T08:01:00Z", "added": False}]


def test_an_answer_to_another_checkpoint_is_refused(log: LogFolder) -> None:
    answer = log.folder / "answer"
    answer.write_bytes(log.cosign())
    log.add(*releases(1, 2))
    merge = ("log", "witness-merge", log.path, answer, f"--log-policy={log.policy}")
    assert "the cosignature of the witness w is wrong" in failed(1, *merge)


def test_witnesses_are_asked(log: LogFolder) -> None:
    merge = ["log", "witness-merge", str(log.path), f"--log-policy={log.policy}"]
    assert "name the answers of witnesses, or ask" in failed(2, *merge)
    text = log.policy.read_text()
    with serving(lambda: log.vkey) as witness:
        log.policy.write_text(text.replace("\nquorum", f" {witness.url}\nquorum"))
        done("log", "add", log.path, log.bundle(releases(1, 2)[0]), *log.trusted)
        done("log", "sign", log.path, f"--key={log.key}")
        assert done(*merge, "--ask").out == "w: cosigned 2027-01-15T08:00:00Z: added\n"
    result = call(*merge, "--ask")
    assert result.status == 3
    assert "check the address" in result.err
    assert "too few witnesses cosigned for the policy; ask again later" in result.err
