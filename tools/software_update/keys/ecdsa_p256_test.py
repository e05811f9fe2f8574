"""Tests of ecdsa_p256.py."""

import hashlib
import sys

import cryptography
import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given
from hypothesis import strategies as st

from software_update.base.dependencies import NEEDED
from software_update.base.errors import InputError
from software_update.keys.private_key import PrivateKey
from software_update.keys.public_key import PublicKey
from software_update.keys.schemes import ECDSA_P256
from software_update.testing import signers

P256_ORDER = signers.ORDER
P256_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1

# RFC 6979, A.2.5: P-256 and SHA-256.
RFC_6979_X = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
RFC_6979_SIGNATURES = {
    b"sample": "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
    b"test": "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
    "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083",
}


@pytest.mark.parametrize("message", RFC_6979_SIGNATURES)
def test_rfc_6979_vectors(message: bytes) -> None:
    private = ec.derive_private_key(RFC_6979_X, ec.SECP256R1())
    keyval = ECDSA_P256.keyval_of(private.public_key())
    assert keyval is not None
    key = PrivateKey(PublicKey(ECDSA_P256, keyval), private)
    assert key.sign(message).hex().upper() == RFC_6979_SIGNATURES[message]
    assert key.public.verifies(key.sign(message), message)


def test_mirrored_key_has_the_same_identity() -> None:
    key = signers.signer(5).public
    mirrored = signers.signer(P256_ORDER - 5).public
    assert mirrored == signers.mirrored(key)
    assert mirrored.key_id != key.key_id
    assert mirrored.identity == key.identity == key.keyval[1:33]
    assert signers.signer(6).public.identity != key.identity


def test_changed_signatures_do_not_verify() -> None:
    key = signers.signer(signers.ROOT_KEY)
    good = key.sign(b"data")
    assert len(good) == 64
    assert key.public.verifies(good, b"data")
    assert not key.public.verifies(good, b"datA")
    assert not signers.signer(signers.STRANGER).public.verifies(good, b"data")
    for bad in (b"", good[:63], good + b"\0", bytes(64), b"\xff" * 64, good[32:] + good[:32]):
        assert not key.public.verifies(bad, b"data")
    for bit in range(0, 512, 37):
        changed = bytearray(good)
        changed[bit // 8] ^= 1 << bit % 8
        assert not key.public.verifies(bytes(changed), b"data")


def test_der_form_of_a_signature_does_not_verify() -> None:
    key = signers.signer(signers.ROOT_KEY)
    good = key.sign(b"data")
    der = utils.encode_dss_signature(
        int.from_bytes(good[:32], "big"), int.from_bytes(good[32:], "big")
    )
    assert not key.public.verifies(der, b"data")


@given(st.binary(max_size=200))
def test_raw_form(data: bytes) -> None:
    # Of many: r and s with and without the zero byte that DER puts before a high bit.
    key = signers.signer(signers.ROOT_KEY)
    raw = key.sign(data)
    der = utils.encode_dss_signature(
        int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    )
    assert key.public.raw_form(raw, data) == key.public.raw_form(der, data) == raw
    other = signers.signer(signers.STRANGER).public
    for bad in (b"", raw + b"\0", der + b"\0", der[:-1], raw[::-1]):
        assert key.public.raw_form(bad, data) is None
    assert other.raw_form(raw, data) is None
    assert other.raw_form(der, data) is None


@given(st.binary(max_size=100))
def test_raw_form_is_total(signature: bytes) -> None:
    assert signers.signer(signers.ROOT_KEY).public.raw_form(signature, b"data") is None


def test_either_half_of_s_is_accepted() -> None:
    key = signers.signer(signers.ROOT_KEY)
    good = key.sign(b"data")
    other_s = P256_ORDER - int.from_bytes(good[32:], "big")
    assert key.public.verifies(good[:32] + other_s.to_bytes(32, "big"), b"data")
    too_large_s = other_s + P256_ORDER
    if too_large_s < 2**256:
        assert not key.public.verifies(good[:32] + too_large_s.to_bytes(32, "big"), b"data")


@given(st.binary(max_size=200))
def test_signing_is_deterministic_and_verifies(data: bytes) -> None:
    key = signers.signer(signers.TARGETS_KEY)
    assert key.sign(data) == key.sign(data)
    assert key.public.verifies(key.sign(data), data)


def test_points_off_the_curve_and_other_forms() -> None:
    good = signers.signer(signers.ROOT_KEY).public.keyval
    x, y = good[1:33], good[33:]
    assert ECDSA_P256.is_key(good)
    off = y[:-1] + bytes([y[-1] ^ 1])
    compressed = bytes([2 + y[-1] % 2]) + x
    hybrid = bytes([6 + y[-1] % 2]) + x + y
    too_large_x = P256_PRIME.to_bytes(32, "big")
    for bad in (
        b"\x04" + x + off,
        b"\x04" + bytes(64),
        b"\x04" + too_large_x + y,
        b"\x00",
        b"",
        good[:-1],
        good + b"\0",
        compressed,
        compressed + bytes(32),
        hybrid,
        b"\x05" + x + y,
    ):
        assert not ECDSA_P256.is_key(bad), bad.hex()


def test_signature_covers_the_sha_256() -> None:
    key = signers.signer(7)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key.public.keyval)
    signature = key.sign(b"data")
    public.verify(
        utils.encode_dss_signature(
            int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        ),
        hashlib.sha256(b"data").digest(),
        ec.ECDSA(utils.Prehashed(hashes.SHA256())),
    )


@pytest.mark.parametrize(
    "error", [TypeError("unexpected argument"), UnsupportedAlgorithm("not in this OpenSSL")]
)
def test_signing_with_an_old_cryptography(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    key = signers.signer(signers.TARGETS_KEY)
    monkeypatch.setattr(ec, "ECDSA", refuse)
    with pytest.raises(InputError) as caught:
        key.sign(b"")
    assert str(caught.value) == (
        f"cryptography {cryptography.__version__}: cannot sign ({error}); install {NEEDED} for "
        f"{sys.executable}"
    )
