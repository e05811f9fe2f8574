"""Helpers for the tests of the clouds' key management services."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from software_update.testing import encode as e
from software_update.testing import workspace
from software_update.testing.command import call, done
from software_update.testing.signers import TARGETS_KEY, signer

REQUEST = e.targets(workspace.CONTENTS, 7)
DIGEST = hashlib.sha256(REQUEST).digest()
SECRET = "do-not-show-this-secret"


def signature_of(digest: bytes, number: int = TARGETS_KEY) -> bytes:
    """A signature of a SHA-256 digest in DER, by a key of software_update.testing.signers."""
    key = ec.derive_private_key(number, ec.SECP256R1())
    return key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


def _sign(key: str) -> tuple[str, ...]:
    return ("sign", "request", f"--key={key}", "--public=targets.pem.pub", "-o", "s.json")


def signs(folder: Path, key: str) -> None:
    """`sign` gives a good signature."""
    result = done(*_sign(key))
    assert SECRET not in result.out + result.err
    value = bytes.fromhex(json.loads((folder / "s.json").read_text())["signature"])
    assert signer(TARGETS_KEY).public.verifies(value, REQUEST)


def refused(folder: Path, status: int, key: str) -> str:
    """Returns the error of `sign` after the name of the key; `sign` writes nothing."""
    result = call(*_sign(key))
    assert result.status == status, result
    assert SECRET not in result.out + result.err
    assert not (folder / "s.json").exists()
    line = result.err.splitlines()[-1]
    start = f"software-update: {key}: "
    assert line.startswith(start)
    return line.removeprefix(start)
