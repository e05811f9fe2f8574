"""A Sigsum witness cosigns our log, and a device accepts a proof of a Sigsum log."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from software_update.testing.command import done, failed
from software_update.testing.log_folders import KEY, LogFolder
from software_update.testing.memory_log import MemoryLog
from software_update.testing.repositories import releases
from software_update.transparency.note import parse_vkey

from tests.transparency import sigsum


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path) -> Path:
    """A folder with the keys `log`, `submitter` and `witness`."""
    for name in ("log", "submitter", "witness"):
        sigsum.call(tmp_path, "sigsum-key", "generate", "-o", name)
    return tmp_path


def witness_key(folder: Path) -> str:
    """Returns the witness's key under the name that sigsum-witness gives it."""
    name = sigsum.call(folder, "sigsum-key", "to-hash", "-k", "witness.pub")
    more = ("-t", "cosignature/v1", "-n", f"sigsum.org/v1/witness/{name}")
    return sigsum.vkey(folder, "witness", *more)


def vendor(folder: Path) -> Path:
    """Makes the vendor's folder."""
    path = folder / "vendor"
    path.mkdir()
    return path


def ssh_key(folder: Path, log: LogFolder) -> str:
    """Writes the log's public key in OpenSSH's form, and returns the name of the file."""
    (folder / "ours.hex").write_text(parse_vkey(log.vkey).keyval.hex())
    sigsum.call(folder, "sigsum-key", "from-hex", "-k", "ours.hex", "-o", "ours.pub")
    return "ours.pub"


def test_a_sigsum_witness_cosigns_our_log(folder: Path) -> None:
    # A witness of Sigsum knows the origin of a log from its key.
    keyval = parse_vkey(MemoryLog(number=KEY).vkey).keyval
    log = LogFolder(vendor(folder), f"sigsum.org/v1/tree/{hashlib.sha256(keyval).hexdigest()}")
    port = sigsum.free_port()
    log.policy.write_text(
        f"log {log.vkey}\nwitness w {witness_key(folder)} http://127.0.0.1:{port}\nquorum w\n"
    )
    first, second = releases(2)
    policy = f"--log-policy={log.policy}"
    with sigsum.witness(folder, port, ssh_key(folder, log)):
        for release in (first, second):
            done("log", "add", log.path, log.bundle(release), *log.trusted)
            done("log", "sign", log.path, f"--key={log.key}")
            done("log", "witness-merge", log.path, "--ask", policy)
    assert "cosigned" in done("log", "verify", log.prove(first), policy, *log.trusted).out


def test_a_proof_of_a_sigsum_log(folder: Path) -> None:
    log_port, own_port, witness_port = (sigsum.free_port() for _ in range(3))
    keys = {
        name: sigsum.call(folder, "sigsum-key", "to-hex", "-k", f"{name}.pub")
        for name in ("log", "witness")
    }
    (folder / "policy").write_text(
        f"log {keys['log']} http://127.0.0.1:{log_port}\n"
        f"witness w {keys['witness']} http://127.0.0.1:{witness_port}\n"
        "quorum w\n"
    )
    sigsum.call(folder, "sigsum-mktree", "--mode", "empty", "--sth-file", "sth")
    server = (
        *("sigsum-log-primary", "--key-file=log", "--backend=ephemeral", "--interval=1s"),
        *(f"--external-endpoint=127.0.0.1:{log_port}", "--policy-file=policy", "--sth-file=sth"),
        f"--internal-endpoint=127.0.0.1:{own_port}",
    )
    log = LogFolder(vendor(folder))
    bundle, other = map(log.bundle, releases(2))
    done("log", "record", bundle, *log.trusted, "-o", folder / "record")
    with (
        sigsum.witness(folder, witness_port, "log.pub"),
        sigsum.running(folder, log_port, *server),
    ):
        # The second proof has a hash.
        (folder / "before").write_text("before")
        for name in ("before", "record"):
            sigsum.call(folder, "sigsum-submit", "-p", "policy", "-k", "submitter", name)
    log.policy.write_text(
        f"log {sigsum.vkey(folder, 'log')}\nwitness w {witness_key(folder)}\nquorum w\n"
    )
    check = [f"--log-policy={log.policy}", *log.trusted]
    out = done("log", "import", bundle, f"--sigsum={folder}/record.proof", *check).out
    assert "record 1 of 2 in sigsum.org/v1/tree/" in out
    assert "cosigned" in done("log", "verify", bundle, *check).out
    proof = f"--proof={bundle}.tlog-proof"
    assert "PROOF_OF_ANOTHER_RELEASE" in failed(1, "log", "verify", other, proof, *check)
