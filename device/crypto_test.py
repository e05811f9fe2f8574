"""P-256 of an adapter of the device library, compared with Python's cryptography and with edge cases."""

import ctypes
import hashlib
import os
import random
import struct
from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

# SEC 2, 2.4.2.
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

_library = ctypes.CDLL(os.path.abspath(os.environ["LIBRARY"]))
_library.verify_p256.restype = ctypes.c_bool
_library.is_on_curve.restype = ctypes.c_bool
assert _library.start() == 0


def number(value: int) -> bytes:
    return value.to_bytes(32, "big")


def key_bytes(x: int, y: int) -> bytes:
    return b"\x04" + number(x) + number(y)


def verify(key: bytes, digest: bytes, r: int, s: int) -> bool:
    assert (len(key), len(digest)) == (65, 32)
    return bool(_library.verify_p256(key, digest, number(r) + number(s)))


def on_curve(key: bytes) -> bool:
    assert len(key) == 65
    return bool(_library.is_on_curve(key))


def multiple(factor: int) -> tuple[int, int]:
    """The generator times `factor`."""
    numbers = ec.derive_private_key(factor % N, ec.SECP256R1()).public_key().public_numbers()
    return numbers.x, numbers.y


def sign(private: int, digest: bytes, nonce: int) -> tuple[int, int]:
    """FIPS 186-5, 6.4.1, with the nonce that the caller wants."""
    r = multiple(nonce)[0] % N
    s = pow(nonce, -1, N) * (int.from_bytes(digest, "big") + r * private) % N
    return r, s


@pytest.fixture(scope="module")
def signed() -> Iterator[tuple[bytes, bytes, int, int]]:
    """A key, a digest and a good signature."""
    private = ec.derive_private_key(0x1234567, ec.SECP256R1())
    digest = hashlib.sha256(b"release").digest()
    r, s = decode_dss_signature(private.sign(digest, ec.ECDSA(Prehashed(SHA256()))))
    numbers = private.public_key().public_numbers()
    yield key_bytes(numbers.x, numbers.y), digest, r, s


def of_cryptography(key: bytes, digest: bytes, r: int, s: int) -> bool:
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)
    try:
        public.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        return False
    return True


def test_good_signatures_and_their_mutants_as_in_cryptography() -> None:
    random_ = random.Random(3)
    accepted = 0
    for _ in range(8):
        private = ec.derive_private_key(random_.randrange(1, N), ec.SECP256R1())
        numbers = private.public_key().public_numbers()
        key, digest = key_bytes(numbers.x, numbers.y), random_.randbytes(32)
        r, s = decode_dss_signature(private.sign(digest, ec.ECDSA(Prehashed(SHA256()))))
        flip = 1 << random_.randrange(255)
        for case in [
            (digest, r, s),
            (digest, r ^ flip, s),
            (digest, r, s ^ flip),
            (digest, s, r),
            (number(int.from_bytes(digest, "big") ^ flip), r, s),
        ]:
            result = of_cryptography(key, *case)
            assert verify(key, *case) == result
            accepted += result
    assert accepted == 8


def test_high_s_is_accepted_as_in_the_format(signed: tuple[bytes, bytes, int, int]) -> None:
    key, digest, r, s = signed
    assert verify(key, digest, r, s)
    assert verify(key, digest, r, N - s)
    assert max(s, N - s) > N // 2


@pytest.mark.parametrize("bad", [0, N, N + 1, P, 2**256 - 1])
def test_numbers_out_of_range(signed: tuple[bytes, bytes, int, int], bad: int) -> None:
    key, digest, r, s = signed
    assert not verify(key, digest, bad, s)
    assert not verify(key, digest, r, bad)
    assert not verify(key, digest, bad, bad)


def test_numbers_that_are_equal_modulo_n(signed: tuple[bytes, bytes, int, int]) -> None:
    key, digest, _, _ = signed
    private, nonce = 0x1234567, 3
    r = multiple(nonce)[0]
    small = 5  # s + n still has 32 bytes
    digest = number((small * nonce - r * private) % N)
    assert verify(key, digest, r, small)
    assert not verify(key, digest, r, small + N)


def test_digests_at_the_edges() -> None:
    private = 77
    key = key_bytes(*multiple(private))
    for digest in (bytes(32), number(1), number(N - 1), number(N), number(N + 1), b"\xff" * 32):
        r, s = sign(private, digest, nonce=99)
        assert verify(key, digest, r, s)
        assert of_cryptography(key, digest, r, s)
        assert not verify(key, digest, r, s - 1)


@pytest.mark.parametrize("private", [1, 2, 3, N - 1, N - 2, (N - 1) // 2, (N + 1) // 2])
def test_keys_that_are_small_multiples_of_the_generator(private: int) -> None:
    key = key_bytes(*multiple(private))
    assert on_curve(key)
    for digest in (number(1), hashlib.sha256(b"x").digest()):
        for nonce in (1, N - 1):
            r, s = sign(private, digest, nonce)
            if s:
                assert verify(key, digest, r, s)
                assert not verify(key, number(int.from_bytes(digest, "big") ^ 1), r, s)


def test_the_sum_is_a_doubling_or_the_point_at_infinity() -> None:
    private, nonce = 12345, 9
    key = key_bytes(*multiple(private))
    r = multiple(nonce)[0] % N
    # u1 G = u2 Q: both are half of the nonce.
    digest, s = number(r * private % N), 2 * r * private * pow(nonce, -1, N) % N
    assert of_cryptography(key, digest, r, s)
    assert verify(key, digest, r, s)
    # u1 G = -u2 Q.
    for s in (1, 2, r):
        assert not verify(key, number(-r * private % N), r, s)


def test_points_that_are_not_on_the_curve(signed: tuple[bytes, bytes, int, int]) -> None:
    key, digest, r, s = signed
    x, y = (int.from_bytes(key[i : i + 32], "big") for i in (1, 33))
    bad = [
        key_bytes(0, 0),
        key_bytes(x, 0),
        key_bytes(0, y),
        key_bytes(x, y ^ 1),
        key_bytes(x ^ 1, y),
        key_bytes(y, x),
        key_bytes(P, y),
        key_bytes(x, P),
        key_bytes(2**256 - 1, 2**256 - 1),
        bytes(65),
        b"\xff" * 65,
    ]
    # Only 0x04 means an uncompressed point (SEC 1, 2.3.4).
    bad += [bytes([first]) + key[1:] for first in range(256) if first != 4]
    for each in bad:
        assert not on_curve(each), each.hex()
        assert not verify(each, digest, r, s), each.hex()
    assert on_curve(key)
    assert on_curve(key_bytes(x, P - y))
    assert not verify(key_bytes(x, P - y), digest, r, s)


def test_coordinates_are_not_reduced_modulo_p() -> None:
    root = pow(B, (P + 1) // 4, P)
    assert root * root % P == B
    assert on_curve(key_bytes(0, root))
    assert not on_curve(key_bytes(P, root))
    x = 5
    y = pow(x**3 - 3 * x + B, (P + 1) // 4, P)
    assert on_curve(key_bytes(x, y))
    assert not on_curve(key_bytes(x + P, y))


def test_everything_is_zero() -> None:
    assert not verify(bytes(65), bytes(32), 0, 0)


def test_sha256_takes_blocks() -> None:
    state = (ctypes.c_uint32 * 8)(
        *(0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A),
        *(0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19),
    )
    message = random.Random(4).randbytes(128)
    size = struct.pack(">Q", 8 * len(message))
    _library.sha256_blocks(state, message + b"\x80" + bytes(55) + size, ctypes.c_size_t(3))
    assert struct.pack(">8I", *state) == hashlib.sha256(message).digest()
