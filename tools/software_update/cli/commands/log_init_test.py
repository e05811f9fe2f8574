"""Tests of log_init.py."""

import json
from pathlib import Path

import pytest

from software_update.testing import encode as e
from software_update.testing.command import done, failed
from software_update.testing.log_folders import LogFolder, write_ed25519
from software_update.testing.memory_log import ORIGIN, MemoryLog
from software_update.testing.signers import ROOT_KEY, write_keys


@pytest.fixture
def log(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path)


def arguments(log: LogFolder, *, origin: str = ORIGIN, public: Path | None = None) -> list[str]:
    key = public or f"{log.key}.pub"
    return ["log", "init", f"{log.path}", f"--origin={origin}", f"--public={key}", *log.trusted]


def test_an_empty_log(log: LogFolder) -> None:
    vkey = MemoryLog().vkey
    assert done(*arguments(log)).out == f"log {vkey}\n"
    assert (log.path / "unsigned-checkpoint").read_bytes() == MemoryLog().text()
    found = json.loads(done(*arguments(log), "--json").out)
    assert found == {"schema": "software_update.log.v1", "log": ORIGIN, "key": vkey}


def test_another_log_is_kept(log: LogFolder) -> None:
    write_ed25519(log.folder / "other.pem", 7)
    again = failed(1, *arguments(log, public=log.folder / "other.pem.pub"))
    assert "log/key: is there with another content" in again


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "x" * 256])
def test_a_name_that_is_not_valid(log: LogFolder, origin: str) -> None:
    assert "write a name without spaces and +" in failed(2, *arguments(log, origin=origin))


def test_other_keys_are_refused(log: LogFolder) -> None:
    write_keys(log.folder, p256=5)
    other = failed(3, *arguments(log, public=log.folder / "p256.pem.pub"))
    assert "a log needs an Ed25519 key; make one with: software-update key generate" in other
    assert "holds a private key" in failed(3, *arguments(log, public=log.key))


def test_a_key_of_the_product_is_refused(log: LogFolder) -> None:
    write_ed25519(log.folder / "other.pem", 7)
    create = ["root", "create", "--version=1", f"--root-key={log.folder}/other.pem.pub"]
    done(*create, f"--targets-key={log.key}.pub", "--experimental-schemes", "-o", log.root)
    assert "is a key of root 1 of the product" in failed(3, *arguments(log))
    log.root.write_bytes(e.signed(e.root(), ROOT_KEY))
    done(*arguments(log))
