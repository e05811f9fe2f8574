"""Tests of ed25519.py."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from software_update.keys.ed25519 import is_strong_point
from software_update.keys.scheme import Message
from software_update.keys.schemes import ED25519

PRIME = 2**255 - 19
ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SIGN = 1 << 255


@pytest.mark.parametrize("y", [0, 1, PRIME - 1, ORDER_8, PRIME - ORDER_8])
def test_points_of_small_order_are_rejected(y: int) -> None:
    for number in (y, y | SIGN):
        assert not is_strong_point(number.to_bytes(32, "little"))


def test_anyone_can_sign_with_the_neutral_element() -> None:
    """This is why `is_strong_point` exists: S * B == R + k * A holds for A = 0, S = 1 and R = B."""
    neutral = (1).to_bytes(32, "little")
    base = (4 * pow(5, -1, PRIME) % PRIME).to_bytes(32, "little")
    forged = base + (1).to_bytes(32, "little")
    assert ED25519.verifies(neutral, forged, Message(b"anything"))
    assert not ED25519.is_key(neutral)


def test_other_encodings_are_rejected() -> None:
    for y in range(PRIME, 2**255):
        assert not is_strong_point(y.to_bytes(32, "little"))
        assert not is_strong_point((y | SIGN).to_bytes(32, "little"))


def test_half_of_the_numbers_are_points() -> None:
    found = [is_strong_point(y.to_bytes(32, "little")) for y in range(2, 402)]
    assert 150 < sum(found) < 250


def test_real_keys_are_strong() -> None:
    for seed in range(50):
        private = ed25519.Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "big"))
        assert is_strong_point(private.public_key().public_bytes_raw())
