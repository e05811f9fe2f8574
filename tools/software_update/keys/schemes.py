"""The registry of signature schemes, and the sets of them that a caller accepts.

To add a scheme, add its entry here. Lengths, limits of files, PEM files, roots, signers and the verifier
follow from it.
"""

from typing import NamedTuple

from software_update.keys.ecdsa_p256 import EcdsaP256
from software_update.keys.ed25519 import is_strong_point
from software_update.keys.scheme import RawScheme, Scheme

ECDSA_P256 = EcdsaP256()
# RFC 8032, without a prehash and without a context. KeyType and KeyScheme of TUF.
ED25519 = RawScheme(
    "ed25519",
    "Ed25519",
    numbers=(2, 2),
    lengths=(32, 64),
    classes=("ed25519", "Ed25519"),
    is_strong=is_strong_point,
)
# FIPS 204 with an empty context. TUF has no numbers for it; these are this project's own.
ML_DSA_44 = RawScheme(
    "ml-dsa-44",
    "ML-DSA-44",
    numbers=(65, 65),
    lengths=(1312, 2420),
    classes=("mldsa", "MLDSA44"),
)


class Schemes(NamedTuple):
    """The schemes that a caller accepts in keys and signatures."""

    accepted: tuple[Scheme, ...]

    def find(self, key_type: int, number: int) -> Scheme | None:
        """Returns the scheme with these numbers in root metadata; None if it is not accepted."""
        for each in self.accepted:
            if (each.key_type, each.number) == (key_type, number):
                return each
        return None

    def named(self, name: str) -> Scheme | None:
        """Returns the scheme with this name on the command line; None if it is not accepted."""
        return next((each for each in self.accepted if each.name == name), None)

    @property
    def kinds(self) -> str:
        """The accepted kinds of key, for errors: "an Ed25519 key or an ML-DSA-44 key"."""
        *first, last = (each.kind for each in self.accepted)
        return f"{', '.join(first)} or {last}" if first else last

    @property
    def signature_bytes(self) -> frozenset[int]:
        """The lengths that a signature may have."""
        return frozenset(each.signature_bytes for each in self.accepted)

    @property
    def identity_bytes(self) -> frozenset[int]:
        """The lengths that a key's identity may have."""
        return frozenset(each.identity_bytes for each in self.accepted)


DEFAULT_SCHEME = ECDSA_P256
# Every device accepts these.
DEFAULT_SCHEMES = Schemes((ECDSA_P256,))
# With `--experimental-schemes`: no released device accepts the others, and their numbers may change.
ALL_SCHEMES = Schemes((ECDSA_P256, ED25519, ML_DSA_44))


def identity(key_type: int, number: int, keyval: bytes) -> bytes:
    """Returns bytes that are equal for keys with which the same person can sign, of whatever scheme."""
    scheme = ALL_SCHEMES.find(key_type, number)
    return keyval if scheme is None else scheme.identity(keyval)
