"""ECDSA P-256 keys: key ids, PEM files, signatures as the wire has them.

`cryptography` is imported where it is used: most commands never need it.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from software_update.base.dependencies import NEEDED
from software_update.base.errors import InputError, WrongSecret
from software_update.base.files import folder_error
from software_update.base.text import check_encoding

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

# The enumerators of tuf.proto; the only kind of key that Pigweed's client implements.
ECDSA_P256_KEY_TYPE = 3
ECDSA_P256_SCHEME = 3
KEYVAL_BYTES = 65
SIGNATURE_BYTES = 64

# The keys of tools/dev_keys, each with its mirrored key (see `identity`); anyone can sign with these.
DEV_KEY_IDS = frozenset(
    {
        "0e6ba11423a5efe568ccac63879e9289e38d73e5f0877d3ea91fd7657b9c4898",
        "341b1308dce6f76c491ff744953d3433f112cef93974a5178a2e9710b21f5f5d",
        "66ca7fe63c169fefcaef5dc6e2e4c0d5268ece4dafad2933a5e4beca43b77434",
        "ab3928cdaacf2dcaca80661a8769b1a1995d38e741225c0a32344bf44050fa6e",
    }
)
DEV_KEYS_WARNING = "DEV KEYS: anyone can sign this"

_ONE_PUBLIC_KEY = re.compile(
    rb"\s*-----BEGIN PUBLIC KEY-----[ \t]*\r?\n[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*"
)
_MAX_PEM_BYTES = 64 * 1024


def key_id(key_type: int, scheme: int, keyval: bytes) -> bytes:
    """The 32 raw bytes that name a key: SHA-256 over its type, its scheme (a byte each) and keyval."""
    return hashlib.sha256(bytes((key_type, scheme)) + keyval).digest()


def identity(key_type: int, scheme: int, keyval: bytes) -> bytes:
    """The bytes that two public keys share if one person can sign with both.

    On P-256 the 32 bytes of X: the mirrored key (same X, other Y) has another key id, but its private
    key is the group's order minus this one's. Of any other kind of key, the whole keyval.
    """
    if (key_type, scheme) == (ECDSA_P256_KEY_TYPE, ECDSA_P256_SCHEME):
        return keyval[1:33]
    return keyval


class PublicKey(NamedTuple):
    """A P-256 public key: the uncompressed X9.62 point, 65 bytes."""

    keyval: bytes

    @property
    def key_id(self) -> bytes:
        return key_id(ECDSA_P256_KEY_TYPE, ECDSA_P256_SCHEME, self.keyval)

    @property
    def identity(self) -> bytes:
        """Equal for keys that the same person can sign with: 32 bytes."""
        return identity(ECDSA_P256_KEY_TYPE, ECDSA_P256_SCHEME, self.keyval)

    def is_on_curve(self) -> bool:
        """Whether keyval is a point that a signature can be checked with."""
        if len(self.keyval) != KEYVAL_BYTES or self.keyval[0] != 4:
            return False
        try:
            self._point()
        except ValueError:
            return False
        return True

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature` (r || s, 64 bytes) is this key's over SHA-256 of `data`."""
        return self.verifies_sha256(signature, hashlib.sha256(data).digest())

    def verifies_sha256(self, signature: bytes, sha256: bytes) -> bool:
        """Says whether `signature` (r || s, 64 bytes) is this key's over data with this SHA-256."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        if len(signature) != SIGNATURE_BYTES:
            return False
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        try:
            self._point().verify(
                utils.encode_dss_signature(r, s), sha256, ec.ECDSA(utils.Prehashed(hashes.SHA256()))
            )
        except (InvalidSignature, ValueError):
            return False
        return True

    def raw_form(self, signature: bytes, data: bytes) -> bytes | None:
        """r || s of what a signer gave for `data`, raw or DER; None where it is no signature by this key."""
        for raw in (signature, _raw_of_der(signature)):
            if raw is not None and self.verifies(raw, data):
                return raw
        return None

    def _point(self) -> ec.EllipticCurvePublicKey:
        from cryptography.hazmat.primitives.asymmetric import ec

        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.keyval)


class PrivateKey:
    """A P-256 private key. Never shown, never compared, never written by this class."""

    def __init__(self, public: PublicKey, key: ec.EllipticCurvePrivateKey) -> None:
        self.public = public
        self._key = key

    def sign(self, data: bytes) -> bytes:
        """r || s, 64 bytes; the same for the same key and data (RFC 6979)."""
        from cryptography.hazmat.primitives.asymmetric import utils

        der = self._key.sign(data, _deterministic())
        r, s = utils.decode_dss_signature(der)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def name_of(path: str, key: PublicKey) -> str:
    """The name of a key in errors: its file, and the first digits of its key id."""
    return f"{path} ({key.key_id.hex()[:16]})"


def read_public_key(path: str) -> PublicKey:
    """The key of a SubjectPublicKeyInfo PEM file. Any other file: InputError, with the way to convert it."""
    return _parse_public_key(path, _read_pem(path))


def read_checked_public_key(path: str) -> PublicKey:
    """As `read_public_key`, of a file that holds nothing else: InputError where a private key may hide."""
    pem = _read_pem(path)
    if b"private key" in pem.lower():
        raise InputError(
            f"{path}: holds a private key; name the public one. In a source tree or a build's "
            "cache it is no secret any more: make a new pair"
        )
    key = _parse_public_key(path, pem)
    if not _ONE_PUBLIC_KEY.fullmatch(pem):
        raise InputError(
            f"{path}: holds more than a public key; leave nothing but the PEM block "
            "from -----BEGIN PUBLIC KEY----- to its end"
        )
    return key


def _parse_public_key(path: str, pem: bytes) -> PublicKey:
    from cryptography.hazmat.primitives import serialization

    if b"PRIVATE KEY-----" in pem:
        raise InputError(
            f"{path}: this is a private key, a public one is needed; make it with: "
            f"openssl pkey -in {shlex.quote(path)} -pubout -out {shlex.quote(path + '.pub')}"
        )
    if b"-----BEGIN PUBLIC KEY-----" not in pem:
        raise InputError(f"{path}: no SubjectPublicKeyInfo PEM key; {_conversion(path, pem)}")
    try:
        key = serialization.load_pem_public_key(pem)
    except Exception as error:  # cryptography has no common class for what a bad file gives
        raise InputError(f"{path}: damaged public key ({_first_line(error)})") from None
    return _public_key(path, key)


def is_private(path: str) -> bool:
    """Whether a file holds PEM private key material, of whatever kind."""
    return b"PRIVATE KEY-----" in _read_pem(path)


def read_private_key(path: str, passphrase: Callable[[], bytes] | None = None) -> PrivateKey:
    """The key of a PKCS#8 PEM file. Any other file: InputError, with the way to convert it.

    `passphrase` is asked where the file is encrypted; without it, such a file is refused.
    A wrong one: WrongSecret.
    """
    from cryptography.hazmat.primitives import serialization

    pem = _read_pem(path)
    if passphrase is not None and b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in pem:
        password, problem = passphrase(), "wrong passphrase, or a damaged private key"
    elif b"-----BEGIN PRIVATE KEY-----" in pem:
        password, problem = None, "damaged private key"
    else:
        how = _private_conversion(path, pem, may_be_encrypted=passphrase is not None)
        raise InputError(f"{path}: no PKCS#8 PEM private key; {how}")
    try:
        key = serialization.load_pem_private_key(pem, password)
    except Exception as error:  # as above; the text never holds key material
        kind = InputError if password is None else WrongSecret
        raise kind(f"{path}: {problem} ({_first_line(error)})") from None
    public = _public_key(path, key.public_key())
    from cryptography.hazmat.primitives.asymmetric import ec

    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return PrivateKey(public, key)


def generate_private_key_pem() -> tuple[bytes, bytes]:
    """A new key pair: PKCS#8 PEM, and SubjectPublicKeyInfo PEM."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private, public


def _public_key(path: str, key: object) -> PublicKey:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InputError(
            f"{path}: not an ECDSA key on NIST P-256, the one kind that devices take; "
            "make one with: software-update key generate OUT"
        )
    return PublicKey(
        key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )


def _deterministic() -> ec.ECDSA:
    """RFC 6979. InputError if cryptography, or the OpenSSL that it uses, is too old."""
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


def _raw_of_der(signature: bytes) -> bytes | None:
    """r || s of a DER signature; None where it is none, or one that is too large for P-256."""
    from cryptography.hazmat.primitives.asymmetric import utils

    try:
        r, s = utils.decode_dss_signature(signature)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    except (ValueError, OverflowError):
        return None


def _read_pem(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            pem = file.read(_MAX_PEM_BYTES + 1)
    except IsADirectoryError:
        raise folder_error(path) from None
    if len(pem) > _MAX_PEM_BYTES:
        raise InputError(f"{path}: too large for a key file")
    check_encoding(path, pem)
    return pem


def _conversion(path: str, pem: bytes) -> str:
    file, pem_file = shlex.quote(path), shlex.quote(f"{path}.pem")
    if b"BEGIN CERTIFICATE" in pem:
        return f"take it out with: openssl x509 -in {file} -pubkey -noout"
    if pem.startswith((b"ssh-", b"ecdsa-sha2-")):
        return f"convert it with: ssh-keygen -e -m PKCS8 -f {file}"
    if pem[:1] == b"\x30":
        return f"convert it with: openssl pkey -pubin -inform DER -in {file} -out {pem_file}"
    return (
        "it begins with -----BEGIN PUBLIC KEY-----; make one with: software-update key generate OUT"
    )


def _private_conversion(path: str, pem: bytes, *, may_be_encrypted: bool) -> str:
    file, pem_file = shlex.quote(path), shlex.quote(f"{path}.pem")
    if b"BEGIN EC PRIVATE KEY" in pem:
        plain = "" if may_be_encrypted else "-nocrypt "
        return f"convert it with: openssl pkcs8 -topk8 {plain}-in {file} -out {pem_file}"
    if b"BEGIN ENCRYPTED PRIVATE KEY" in pem:
        return "it is encrypted, as development keys are not; software-update sign takes such a key"
    if b"BEGIN PUBLIC KEY" in pem:
        return "this is a public key; name the private one"
    if pem[:1] == b"\x30":
        return f"convert it with: openssl pkey -inform DER -in {file} -out {pem_file}"
    return "it begins with -----BEGIN PRIVATE KEY-----; make one with: software-update key generate OUT"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
