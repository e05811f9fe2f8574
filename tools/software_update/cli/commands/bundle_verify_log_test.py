"""Tests of bundle verify --log-policy."""

import json
from pathlib import Path
from typing import Any

import pytest

from software_update.testing import attached
from software_update.testing.command import call, done, failed
from software_update.testing.judge import release_of
from software_update.testing.memory_log import ORIGIN, MemoryLog, MemoryWitness, policy_text
from software_update.transparency.record import record_of

WITNESS = MemoryWitness()


class Release:
    """A release in a log, in a folder."""

    def __init__(self, parent: Path) -> None:
        self.folder = attached.make(parent)
        self.bundle = self.folder / "release.bundle"
        self.proof = self.folder / "release.bundle.tlog-proof"
        record = record_of(release_of(self.bundle.read_bytes())).content()
        self.log = MemoryLog([b"first", record, b"third"])
        self.proof.write_bytes(self.log.proof(1, WITNESS))
        (self.folder / "policy").write_bytes(policy_text(self.log, WITNESS))

    def verify(self, *more: str) -> list[str]:
        root, policy = f"--trusted-root={self.folder}/root.pb", f"--log-policy={self.folder}/policy"
        return ["bundle", "verify", str(self.bundle), root, policy, *more]

    def report(self, *more: str) -> Any:
        return json.loads(call(*self.verify("--json", *more)).out)


@pytest.fixture(name="release")
def release_fixture(tmp_path: Path) -> Release:
    return Release(tmp_path)


def test_release_in_the_log(release: Release) -> None:
    out = done(*release.verify()).out
    assert f"\n  log: {ORIGIN}, record 1 of 3\n  cosigned by: w0 at 2027-01-15T08:00:00Z\n" in out
    found = release.report()
    assert (found["verdict"], found["refusal"]) == ("ACCEPT", None)
    assert found["log"] == {
        "origin": ORIGIN,
        "record_index": 1,
        "size": 3,
        "root_hash": release.log.root(3).hex(),
        "witnesses": [{"name": "w0", "time": "2027-01-15T08:00:00Z"}],
    }


def test_release_without_a_proof(release: Release) -> None:
    release.proof.rename(release.folder / "moved")
    assert failed(1, *release.verify()) == (
        f"{release.bundle}: MISSING_PROOF: there is no {release.proof}, which proves that the release is in "
        "a log; get it from the vendor, or name another file with --proof; do not install it"
    )
    done(*release.verify(f"--proof={release.folder}/moved"))
    assert "No such file" in failed(3, *release.verify(f"--proof={release.folder}/none"))


def test_proof_of_another_release(release: Release) -> None:
    release.proof.write_bytes(release.log.proof(0, WITNESS))
    found = release.report(f"--extract={release.folder}/out")
    assert (found["verdict"], found["log"]) == ("ACCEPT", None)
    assert found["refusal"]["name"] == "PROOF_OF_ANOTHER_RELEASE"
    assert not (release.folder / "out").exists()


def test_log_comes_before_attachments(release: Release) -> None:
    release.proof.write_bytes(release.log.proof(1))
    (release.folder / "release.bundle.attachments" / "sbom.cdx.json").unlink()
    attachments = f"--attachments={release.bundle}.attachments"
    found = release.report(attachments)
    assert found["refusal"]["name"] == "WITNESSES_MISSING"
    release.proof.write_bytes(release.log.proof(1, WITNESS))
    found = release.report(attachments)
    assert found["refusal"]["name"] == "MISSING_ATTACHMENT"
    assert found["log"]["origin"] == ORIGIN


def test_verdict_comes_before_the_log(release: Release) -> None:
    release.bundle.write_bytes(release.bundle.read_bytes()[:-1])
    assert release.report()["verdict"] == "MALFORMED"


def test_options_that_do_not_fit_and_a_bad_policy(release: Release) -> None:
    args = [each for each in release.verify("--proof=x") if not each.startswith("--log")]
    assert "--proof: only valid with --log-policy FILE" in failed(2, *args)
    (release.folder / "policy").write_bytes(b"log 5")
    assert "policy: line 1: " in failed(3, *release.verify())
