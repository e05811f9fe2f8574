"""Tests of schemes.py: each registered scheme, by the same tests."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa

from software_update.keys.private_key import PrivateKey
from software_update.keys.public_key import PublicKey
from software_update.keys.scheme import Message, Scheme
from software_update.keys.schemes import (
    ALL_SCHEMES,
    DEFAULT_SCHEME,
    DEFAULT_SCHEMES,
    ECDSA_P256,
    ED25519,
    ML_DSA_44,
    identity,
)

each_scheme = pytest.mark.parametrize("scheme", ALL_SCHEMES.accepted, ids=lambda each: each.name)


def new_key(scheme: Scheme) -> PrivateKey:
    private = scheme.generate()
    keyval = scheme.keyval_of(private.public_key())
    assert keyval is not None
    return PrivateKey(PublicKey(scheme, keyval), private)


@pytest.mark.parametrize(
    ("scheme", "numbers", "lengths"),
    [
        (ECDSA_P256, (3, 3), (65, 64)),
        (ED25519, (2, 2), (32, 64)),
        (ML_DSA_44, (65, 65), (1312, 2420)),
    ],
)
def test_numbers_and_lengths(
    scheme: Scheme, numbers: tuple[int, int], lengths: tuple[int, int]
) -> None:
    assert (scheme.key_type, scheme.number) == numbers
    assert (scheme.keyval_bytes, scheme.signature_bytes) == lengths


def test_default_is_only_ecdsa() -> None:
    assert DEFAULT_SCHEMES.accepted == (DEFAULT_SCHEME,) == (ECDSA_P256,)


def test_no_two_schemes_share_a_name_or_numbers() -> None:
    schemes = ALL_SCHEMES.accepted
    assert len({each.name for each in schemes}) == len(schemes)
    assert len({(each.key_type, each.number) for each in schemes}) == len(schemes)


@each_scheme
def test_find_and_named(scheme: Scheme) -> None:
    assert ALL_SCHEMES.find(scheme.key_type, scheme.number) is scheme
    assert ALL_SCHEMES.named(scheme.name) is scheme
    found = DEFAULT_SCHEMES.find(scheme.key_type, scheme.number)
    assert found is (scheme if scheme is ECDSA_P256 else None)
    assert DEFAULT_SCHEMES.named(scheme.name) is found


@pytest.mark.parametrize("numbers", [(0, 0), (2, 3), (3, 2), (3, 65), (65, 2), (4, 4), (65, 66)])
def test_other_numbers_are_not_a_scheme(numbers: tuple[int, int]) -> None:
    assert ALL_SCHEMES.find(*numbers) is None


def test_kinds() -> None:
    assert DEFAULT_SCHEMES.kinds == "an ECDSA key on NIST P-256"
    assert ALL_SCHEMES.kinds == ("an ECDSA key on NIST P-256, an Ed25519 key or an ML-DSA-44 key")


@each_scheme
def test_signs_and_verifies(scheme: Scheme) -> None:
    key, other = new_key(scheme), new_key(scheme)
    signature = key.sign(b"data")
    assert len(signature) == scheme.signature_bytes
    assert len(key.public.keyval) == scheme.keyval_bytes
    assert key.public.verifies(signature, b"data")
    view = memoryview(b"some data")[5:]
    assert key.public.verifies_message(signature, Message(view))
    assert not key.public.verifies(signature, b"datA")
    assert not other.public.verifies(signature, b"data")
    zeros = bytes(scheme.signature_bytes)
    for bad in (b"", zeros, signature[:-1], signature + b"\0", signature[::-1]):
        assert not key.public.verifies(bad, b"data")
    for index in range(0, scheme.signature_bytes, 37):
        changed = bytearray(signature)
        changed[index] ^= 1 << index % 8
        assert not key.public.verifies(bytes(changed), b"data")
    assert key.public.raw_form(signature, b"data") == signature
    assert key.public.raw_form(zeros, b"data") is None


@each_scheme
def test_keys_of_other_lengths(scheme: Scheme) -> None:
    keyval = new_key(scheme).public.keyval
    assert scheme.is_key(keyval)
    assert scheme.has_key_length(keyval)
    for bad in (b"", keyval[:-1], keyval + b"\0", keyval * 2):
        assert not scheme.is_key(bad)
        assert not scheme.has_key_length(bad)
        assert not scheme.verifies(bad, bytes(scheme.signature_bytes), Message(b"data"))


@each_scheme
def test_keyval_of_another_scheme_is_rejected(scheme: Scheme) -> None:
    for other in ALL_SCHEMES.accepted:
        found = other.keyval_of(scheme.generate().public_key())
        assert (found is not None) == (other is scheme)


# RFC 8032, 7.1: secret key, public key, message, signature.
RFC_8032 = {
    "TEST 1": (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    "TEST 2": (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
}


@pytest.mark.parametrize("name", RFC_8032)
def test_rfc_8032_vectors(name: str) -> None:
    secret, public, message, signature = map(bytes.fromhex, RFC_8032[name])
    private = ed25519.Ed25519PrivateKey.from_private_bytes(secret)
    assert ED25519.keyval_of(private.public_key()) == public
    assert ED25519.is_key(public)
    assert ED25519.sign(private, message) == signature
    assert ED25519.verifies(public, signature, Message(message))


def test_nist_key_generation_vector() -> None:
    """The first case of NIST's ACVP file for ML-DSA key generation: a seed, and the key's SHA-256."""
    seed = bytes.fromhex("d71361c000f9a7bc99dfb425bcb6bb27c32c36ab444ff3708b2d93b4e66d5b5b")
    keyval = ML_DSA_44.keyval_of(mldsa.MLDSA44PrivateKey.from_seed_bytes(seed).public_key())
    assert keyval is not None
    assert hashlib.sha256(keyval).hexdigest() == (
        "451a808c522218fadbdab146fc12004b0741c7d069f238f43ad77216159f6a34"
    )


def test_ml_dsa_signatures_differ_and_have_an_empty_context() -> None:
    private = ML_DSA_44.generate()
    keyval = ML_DSA_44.keyval_of(private.public_key())
    assert keyval is not None
    one, other = (ML_DSA_44.sign(private, b"data") for _ in range(2))
    assert one != other
    private.public_key().verify(one, b"data", b"")
    in_context = private.sign(b"data", b"context")
    assert not ML_DSA_44.verifies(keyval, in_context, Message(b"data"))


def test_identity_of_other_kinds_is_the_whole_key() -> None:
    keyval = bytes(range(65))
    assert identity(3, 3, keyval) == keyval[1:33]
    for kind in ((2, 2), (3, 2), (2, 3), (65, 65), (7, 7)):
        assert identity(*kind, keyval) == keyval
