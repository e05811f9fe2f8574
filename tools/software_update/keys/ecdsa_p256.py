"""ECDSA on NIST P-256 with SHA-256 (FIPS 186-5), the scheme that every device accepts.

A key is the uncompressed X9.62 point, a signature r and s as big-endian numbers of 32 bytes each.
Signatures are deterministic (RFC 6979), so the same key and bytes give the same bundle.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from software_update.base.dependencies import NEEDED
from software_update.base.errors import InputError
from software_update.keys.scheme import Message, Scheme

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

_NUMBER_BYTES = 32
# Lengths of a point as X9.62 writes it: infinity, compressed, and in full.
_POINT_BYTES = (1, 1 + _NUMBER_BYTES, 1 + 2 * _NUMBER_BYTES)
_UNCOMPRESSED = 4


class EcdsaP256(Scheme):
    """The scheme of this module, and the mistakes that signers make with it."""

    name = "ecdsa-p256"
    title = "ECDSA on NIST P-256 with SHA-256"
    kind = "an ECDSA key on NIST P-256"
    faulty_key = "is not a point on the curve, written in full"
    # The enumerators of tuf.proto; the only ones that Pigweed's client implements.
    key_type = 3
    number = 3
    keyval_bytes = 1 + 2 * _NUMBER_BYTES
    signature_bytes = 2 * _NUMBER_BYTES
    instruction = "sign the request's bytes, hashed once with SHA-256"
    form = "DER, or r and s"

    def has_key_length(self, keyval: bytes) -> bool:
        return len(keyval) in _POINT_BYTES

    def is_key(self, keyval: bytes) -> bool:
        whole = len(keyval) == self.keyval_bytes and keyval[0] == _UNCOMPRESSED
        return whole and self.loads(keyval)

    @property
    def identity_bytes(self) -> int:
        return _NUMBER_BYTES

    def identity(self, keyval: bytes) -> bytes:
        """Returns the 32 bytes of X.

        The mirrored key (same X, other Y) has another key id, but its private key is the group's order
        minus this one's.
        """
        return keyval[1 : 1 + _NUMBER_BYTES]

    def load(self, keyval: bytes) -> ec.EllipticCurvePublicKey:
        from cryptography.hazmat.primitives.asymmetric import ec

        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), keyval)

    def keyval_of(self, public: object) -> bytes | None:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
            return public.public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
            )
        return None

    def keyval_at(self, x: bytes) -> bytes:
        """Returns the key whose point has this X and an even Y. Raises ValueError if there is none."""
        keyval = self.keyval_of(self.load(b"\2" + x))
        assert keyval is not None
        return keyval

    def verifies(self, keyval: bytes, signature: bytes, message: Message) -> bool:
        from cryptography.exceptions import InvalidSignature

        if len(signature) != self.signature_bytes:
            return False
        try:
            self.load(keyval).verify(der_form(signature), message.sha256, _verification())
        except (InvalidSignature, ValueError):
            return False
        return True

    def sign(self, private: Any, data: bytes) -> bytes:
        """Returns the same signature for the same key and data (RFC 6979).

        Raises InputError if `cryptography`, or the OpenSSL that it uses, is too old for that.
        """
        from cryptography.hazmat.primitives.asymmetric import utils

        return _raw(*utils.decode_dss_signature(private.sign(data, _deterministic())))

    def generate(self) -> ec.EllipticCurvePrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ec

        return ec.generate_private_key(ec.SECP256R1())

    def forms_of(self, answer: bytes) -> Iterator[bytes]:
        yield answer
        yield from _raw_of_der(answer)

    def form_of(self, answer: bytes) -> str:
        return "r and s" if len(answer) == self.signature_bytes else "DER"

    def misread(self, answer: bytes) -> Iterator[tuple[str, bytes]]:
        for raw in _raw_of_der(answer):
            yield "", raw
        if len(answer) == self.signature_bytes:
            r, s = answer[:_NUMBER_BYTES], answer[_NUMBER_BYTES:]
            yield "", answer
            yield "with s before r", s + r
            yield "in little-endian numbers", r[::-1] + s[::-1]

    def mistaken(self, data: bytes) -> Iterator[tuple[str, Message]]:
        def signed_as(digest: bytes) -> Message:
            # ECDSA uses only the first 32 bytes of a longer digest.
            return Message(data, digest[:_NUMBER_BYTES].rjust(_NUMBER_BYTES, b"\0"))

        digest = hashlib.sha256(data).hexdigest().encode()
        yield "the request without hashing it", Message(data, data[:_NUMBER_BYTES])
        yield "the text of its SHA-256 without hashing it", signed_as(digest)
        for name in ("sha1", "sha384", "sha512", "sha3_256"):
            other = hashlib.new(name, data, usedforsecurity=False).digest()
            yield f"its {name.upper()}", signed_as(other)


@functools.cache
def _verification() -> ec.ECDSA:
    """Returns the algorithm that verifies a signature of a SHA-256."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    class Verification(ec.ECDSA):
        """ECDSA without its constructor, whose question about signing takes 20 % of a verification."""

        def __init__(self) -> None:
            self._sha256 = utils.Prehashed(hashes.SHA256())

        @property
        def algorithm(self) -> utils.Prehashed:
            return self._sha256

    return Verification()


def _deterministic() -> ec.ECDSA:
    from cryptography import __version__
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        return ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise InputError(
            f"cryptography {__version__}: cannot sign ({error}); install {NEEDED} for {sys.executable}"
        ) from None


def der_form(raw: bytes) -> bytes:
    """Returns a signature, as on the wire, in DER, as most other programs read it."""
    from cryptography.hazmat.primitives.asymmetric import utils

    r, s = raw[:_NUMBER_BYTES], raw[_NUMBER_BYTES:]
    return utils.encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def _raw(r: int, s: int) -> bytes:
    return r.to_bytes(_NUMBER_BYTES, "big") + s.to_bytes(_NUMBER_BYTES, "big")


def _raw_of_der(signature: bytes) -> Iterator[bytes]:
    """Yields r and s of a DER signature; nothing if it is not one, or too large for the curve."""
    from cryptography.hazmat.primitives.asymmetric import utils

    with contextlib.suppress(ValueError, OverflowError):
        yield _raw(*utils.decode_dss_signature(signature))
