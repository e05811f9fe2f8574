"""Tests of repository_attach.py."""

import json
from pathlib import Path

from software_update.testing.command import done, failed
from software_update.testing.repositories import RepositoryFolder, releases


def test_statement_and_proof_of_a_published_release(tmp_path: Path) -> None:
    repository = RepositoryFolder(tmp_path)
    repository.add(*releases(2))
    audit, proof = tmp_path / "audit.dsse.json", tmp_path / "new.proof"
    audit.write_text("{}")
    proof.write_text("proof")
    args = ["repository", "attach", str(repository.path), "--now=2027-01-15T08:00:00Z"]
    args += ["--product=meter", "--channel=stable", *repository.options("targets", "snapshot")]
    text = "--attach: is missing; name a file with it, or a proof with --proof"
    assert text in failed(2, *args, "--release=1.2")
    assert done(*args, "--release=1.2", f"--attach={audit}", f"--proof={proof}").out.splitlines()[
        :2
    ] == [
        "attached: meter/stable/1.2.bundle.audit.dsse.json",
        "attached: meter/stable/1.2.bundle.tlog-proof",
    ]
    again = done(*args, "--release=1.2", f"--attach={audit}").out.splitlines()
    assert again == [
        "is attached already: meter/stable/1.2.bundle.audit.dsse.json",
        "nothing is new; nothing is published",
    ]
    proof.write_text("another proof")
    assert "is published with other bytes" in failed(1, *args, "--release=1.2", f"--proof={proof}")
    found = json.loads(done(*args, "--release=1.2", f"--proof={proof}", "--replace", "--json").out)
    assert found["release"] == releases(2)[1].digest
    assert found["attachments"] == [{"path": "meter/stable/1.2.bundle.tlog-proof", "new": True}]
    assert [each["role"] for each in found["roles"]][1:] == ["snapshot", "timestamp"]
    (stored,) = (
        path for path in repository.path.rglob("*.tlog-proof") if path.read_text() != "proof"
    )
    assert stored.read_text() == "another proof"
