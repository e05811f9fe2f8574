"""Tests of log_sign.py."""

import json
import subprocess
from pathlib import Path

import pytest

from software_update.testing.command import done, failed
from software_update.testing.log_folders import LogFolder, write_ed25519
from software_update.testing.memory_log import MemoryLog
from software_update.testing.repositories import releases


@pytest.fixture
def log(tmp_path: Path) -> LogFolder:
    log = LogFolder(tmp_path)
    done("log", "add", log.path, *map(log.bundle, releases(2)), *log.trusted)
    return log


def test_the_log_is_signed_once(log: LogFolder) -> None:
    sign = ("log", "sign", log.path, f"--key={log.key}")
    assert done(*sign).out == f"{log.path}: signed, 2 records\n"
    assert done(*sign).out == f"{log.path}: is signed already, 2 records\n"
    found = json.loads(done(*sign, "--json").out)
    assert (found["size"], found["signed"]) == (2, False)


def test_a_signature_that_openssl_makes(log: LogFolder) -> None:
    unsigned, signature = log.path / "unsigned-checkpoint", log.folder / "signature"
    command = ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", str(log.key)]
    subprocess.run([*command, "-in", unsigned, "-out", signature], check=True)
    done("log", "sign", log.path, f"--signature={signature}")
    assert (log.path / "checkpoint").read_bytes().startswith(unsigned.read_bytes())
    signature.write_bytes(MemoryLog().sign(b"other"))
    wrong = failed(1, "log", "sign", log.path, f"--signature={signature}")
    assert "not one of unsigned-checkpoint by the key of the log" in wrong


def test_other_keys_sign_nothing(log: LogFolder) -> None:
    other = log.folder / "other.pem"
    write_ed25519(other, 7)
    assert "is not the key of the log" in failed(3, "log", "sign", log.path, f"--key={other}")
    assert not (log.path / "checkpoint").exists()
    assert "name one of the two" in failed(2, "log", "sign", log.path)
