"""Proofs of torchwood's spicy, checked by us, and ours, checked by spicy.

Version 0.9 writes and reads proofs without the first line, which came later.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from software_update.disclosure.log_add import add_records
from software_update.disclosure.log_folder import CHECKPOINT, create_log, put
from software_update.disclosure.log_prove import prove
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.repository.storages.folder import FolderStorage
from software_update.testing.memory_log import MemoryLog
from software_update.transparency.check import check_proof
from software_update.transparency.log_policy import parse_log_policy
from software_update.transparency.note import parse_vkey

FIRST_LINE = b"c2sp.org/tlog-proof@v1\n"
FILES = {f"f{index}": b"record %d\n" % index for index in range(5)}


def spicy(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    command = ["spicy-torchwood", *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_we_accept_proofs_of_spicy(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    place = ("-key", "log.key", "-assets", "log")
    made = spicy(tmp_path, "-init", "vendor.example/firmware", *place)
    [vkey] = [word for word in made.stderr.split() + made.stdout.split() if word.count("+") > 1]
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
        assert spicy(tmp_path, *place, name).returncode == 0
    policy = parse_log_policy(f"log {vkey}\nquorum none\n".encode(), "policy")
    for index, (name, content) in enumerate(FILES.items()):
        proof = FIRST_LINE + (tmp_path / f"{name}.spicy").read_bytes()
        checked = check_proof(proof, policy, content)
        assert (checked.record_index, checked.checkpoint.size) == (index, index + 1)
        with pytest.raises(NotDisclosed) as error:
            check_proof(proof, policy, content + b"x")
        assert error.value.refusal == Refusal.PROOF_OF_ANOTHER_RELEASE


def test_spicy_accepts_our_proofs(tmp_path: Path) -> None:
    records, storage = list(FILES.values()), FolderStorage(str(tmp_path))
    log = MemoryLog(records)
    create_log(storage, parse_vkey(log.vkey))
    add_records(storage, records)
    put(storage, CHECKPOINT, log.checkpoint())
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
        proof = prove(storage, content)
        (tmp_path / f"{name}.spicy").write_bytes(proof.removeprefix(FIRST_LINE))
        result = spicy(tmp_path, "-verify", log.vkey, name)
        assert result.returncode == 0, result.stderr
    (tmp_path / "f0").write_bytes(b"other")
    assert spicy(tmp_path, "-verify", log.vkey, "f0").returncode != 0
