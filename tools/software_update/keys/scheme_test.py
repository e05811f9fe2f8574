"""Tests of scheme.py: a `cryptography` that lacks a scheme, and messages."""

import hashlib
import sys
from collections.abc import Callable

import cryptography
import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import mldsa

from software_update.keys import scheme, schemes
from software_update.keys.scheme import Message, RawScheme, SchemeMissing
from software_update.keys.schemes import ECDSA_P256, ML_DSA_44
from software_update.testing.examples import run_example


def uses(keyval: bytes) -> list[Callable[[RawScheme], object]]:
    return [
        lambda scheme: scheme.generate(),
        lambda scheme: scheme.load(keyval),
        lambda scheme: scheme.is_key(keyval),
        lambda scheme: scheme.verifies(keyval, bytes(scheme.signature_bytes), Message(b"")),
    ]


def without_module(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)


def without_class(patch: pytest.MonkeyPatch) -> None:
    patch.delattr(mldsa, "MLDSA44PublicKey")
    patch.delattr(mldsa, "MLDSA44PrivateKey")


def without_openssl(patch: pytest.MonkeyPatch) -> None:
    class Unsupported:
        @staticmethod
        def generate() -> None:
            raise UnsupportedAlgorithm("not in this OpenSSL")

        @staticmethod
        def from_public_bytes(_: bytes) -> None:
            raise UnsupportedAlgorithm("not in this OpenSSL")

    patch.setattr(mldsa, "MLDSA44PublicKey", Unsupported)
    patch.setattr(mldsa, "MLDSA44PrivateKey", Unsupported)


@pytest.mark.parametrize("without", [without_module, without_class, without_openssl])
def test_missing_scheme_is_one_error(
    monkeypatch: pytest.MonkeyPatch, without: Callable[[pytest.MonkeyPatch], None]
) -> None:
    without(monkeypatch)
    for use in uses(bytes(ML_DSA_44.keyval_bytes)):
        with pytest.raises(SchemeMissing) as caught:
            use(ML_DSA_44)
        assert caught.value.exit_code == 3
        assert str(caught.value) == (
            f"ML-DSA-44: cryptography {cryptography.__version__} for {sys.executable} does not "
            "implement it; install cryptography>=50"
        )


@pytest.mark.parametrize("without", [without_module, without_class])
def test_no_public_key_can_be_of_a_missing_scheme(
    monkeypatch: pytest.MonkeyPatch, without: Callable[[pytest.MonkeyPatch], None]
) -> None:
    without(monkeypatch)
    with pytest.raises(SchemeMissing):
        ML_DSA_44.keyval_of(object())


def test_example_in_the_docstring() -> None:
    private = ECDSA_P256.generate()
    keyval = ECDSA_P256.keyval_of(private.public_key())
    signature = ECDSA_P256.sign(private, b"data")
    names = {"keyval": keyval, "signature": signature, "data": b"data"}
    assert run_example(scheme, schemes=schemes, **names)["scheme"] is ECDSA_P256


def test_message_hashes_its_data() -> None:
    assert Message(b"data").sha256 == hashlib.sha256(b"data").digest()
    assert Message(memoryview(b"a data")[2:]).sha256 == hashlib.sha256(b"data").digest()
    assert Message(b"data", bytes(32)).sha256 == bytes(32)
