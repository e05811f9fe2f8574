"""Tests that Pigweed's verifier, too, rejects the metadata that `signer check` lets a signer sign."""

from __future__ import annotations

from pathlib import Path

import pytest
from software_update.signing import signer_check
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, signer

from tests.interop.judges import pigweed_accepts

NAME = "signer_check_0.worth_nothing"


@pytest.fixture(name="trusted")
def trusted_fixture(tmp_path: Path) -> Path:
    """The root that the device has."""
    path = tmp_path / "root.pb"
    path.write_bytes(e.signed(e.root(), ROOT_KEY))
    return path


def accepts(trusted: Path, bundle: bytes) -> bool:
    path = trusted.with_name("probe.bundle")
    path.write_bytes(bundle)
    return pigweed_accepts(path, trusted)


def bundle(signed_root: bytes, targets: bytes, payloads: bytes) -> bytes:
    return e.root_entry(signed_root) + e.targets_entry(e.signed(targets, TARGETS_KEY)) + payloads


def test_targets_probe(trusted: Path) -> None:
    root = trusted.read_bytes()
    probe = signer_check.targets_probe(signer(TARGETS_KEY).public, 0).serialized
    for payloads in (b"", e.payload(NAME, b""), e.payload(NAME, b"x")):
        assert not accepts(trusted, bundle(root, probe, payloads))
    # With a payload that fits, the same is good: neither name, version nor expiry matter to it.
    fits = e.targets({NAME: b"x"}, 1, expires=1)
    assert accepts(trusted, bundle(root, fits, e.payload(NAME, b"x")))


def test_root_probe(trusted: Path) -> None:
    probe = signer_check.root_probe(signer(ROOT_KEY).public, 0).serialized
    targets, payloads = e.targets({"app": b"x"}), e.payload("app", b"x")
    for signed_root in (e.signed(probe, ROOT_KEY), e.signed(probe, ROOT_KEY, TARGETS_KEY)):
        assert not accepts(trusted, bundle(signed_root, targets, payloads))
    assert accepts(trusted, bundle(trusted.read_bytes(), targets, payloads))
