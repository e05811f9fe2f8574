"""Checks Ed25519 public keys (RFC 8032, 5.1.3): only the owner of the private key must be able to sign.

`cryptography` loads any 32 bytes. With a point of small order, though, anyone can make signatures.
"""

_PRIME = 2**255 - 19
_D = -121665 * pow(121666, -1, _PRIME) % _PRIME
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
# Y of the eight points whose order is 1, 2, 4 or 8.
_SMALL = frozenset({0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8})


def is_strong_point(keyval: bytes) -> bool:
    """Says whether the 32 bytes are a point on the curve, in its one encoding, and not of small order."""
    number = int.from_bytes(keyval, "little")
    y = number % 2**255
    if y >= _PRIME or y in _SMALL:
        return False
    # x**2 must be a square; only the points (0, 1) and (0, -1) have x = 0, and those are small.
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _PRIME) % _PRIME
    return pow(x_squared, (_PRIME - 1) // 2, _PRIME) == 1
