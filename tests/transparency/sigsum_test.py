"""A Sigsum witness cosigns our log, and we accept the checkpoint and the proof of a Sigsum log."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from software_update.format.refusals import NotDisclosed, Refusal
from software_update.testing.command import done
from software_update.testing.log_folders import KEY, LogFolder
from software_update.testing.memory_log import MemoryLog
from software_update.testing.repositories import releases
from software_update.transparency.check import check_proof
from software_update.transparency.log_policy import parse_log_policy
from software_update.transparency.note import parse_vkey
from software_update.transparency.proof import build_proof

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


def ssh_key(folder: Path, log: LogFolder) -> str:
    """Writes the log's public key in OpenSSH's form, and returns the name of the file."""
    (folder / "ours.hex").write_text(parse_vkey(log.vkey).keyval.hex())
    sigsum.call(folder, "sigsum-key", "from-hex", "-k", "ours.hex", "-o", "ours.pub")
    return "ours.pub"


def test_a_sigsum_witness_cosigns_our_log(folder: Path) -> None:
    # A witness of Sigsum knows the origin of a log from its key.
    keyval = parse_vkey(MemoryLog(number=KEY).vkey).keyval
    (folder / "vendor").mkdir()
    log = LogFolder(folder / "vendor", f"sigsum.org/v1/tree/{hashlib.sha256(keyval).hexdigest()}")
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
    record = releases(1)[0].bundle
    (folder / "record").write_bytes(record)
    with (
        sigsum.witness(folder, witness_port, "log.pub"),
        sigsum.running(folder, log_port, *server),
    ):
        sigsum.call(folder, "sigsum-submit", "-p", "policy", "-k", "submitter", "record")
    leaf, proof = converted(folder, (folder / "record.proof").read_text(), record)
    policy = parse_log_policy(
        f"log {sigsum.vkey(folder, 'log')}\nwitness w {witness_key(folder)}\nquorum w\n".encode(),
        "policy",
    )
    checked = check_proof(proof, policy, leaf)
    assert checked.checkpoint.size == 1
    assert [each.witness for each in checked.witnesses] == ["w"]
    with pytest.raises(NotDisclosed) as error:
        check_proof(proof, policy, leaf[:-1] + b"\0")
    assert error.value.refusal == Refusal.PROOF_OF_ANOTHER_RELEASE


def converted(folder: Path, proof: str, record: bytes) -> tuple[bytes, bytes]:
    """Returns the leaf in a proof of Sigsum, and the same proof in the form of C2SP."""
    lines = [line.partition("=") for line in proof.splitlines() if line]
    fields = {name: value for name, _, value in lines}
    key_hash, signature = fields["leaf"].split()
    checksum = hashlib.sha256(hashlib.sha256(record).digest()).digest()
    leaf = checksum + bytes.fromhex(signature) + bytes.fromhex(key_hash)
    text = (
        f"sigsum.org/v1/tree/{fields['log']}\n{fields['size']}\n"
        f"{base64.b64encode(bytes.fromhex(fields['root_hash'])).decode()}\n"
    )
    _, time, cosignature = fields["cosignature"].split()
    value = int(time).to_bytes(8, "big") + bytes.fromhex(cosignature)
    note = f"{text}\n" + "".join(
        f"— {key.name} {base64.b64encode(key.key_id + signed).decode()}\n"
        for key, signed in (
            (parse_vkey(sigsum.vkey(folder, "log")), bytes.fromhex(fields["signature"])),
            (parse_vkey(witness_key(folder)), value),
        )
    )
    return leaf, build_proof(0, [], note.encode())
