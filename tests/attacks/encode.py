"""Encodes bundles byte by byte and signs them, without one line of the code under test.

A message is the bytes of its fields, one after the other: `text(1, "a") + number(2, 7)`.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

# The order of P-256's group, and its field's prime.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1

# The wire


def varint(value: int, size: int = 0) -> bytes:
    """A base-128 varint, in its shortest form, or padded to `size` bytes."""
    out = bytearray()
    while value > 127 or size > len(out) + 1:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def tag(field: int, wire_type: int) -> bytes:
    """What a field begins with."""
    return varint(field * 8 + wire_type)


def number(field: int, value: int) -> bytes:
    """A varint field."""
    return tag(field, 0) + varint(value)


def blob(field: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return tag(field, 2) + varint(len(content)) + content


def text(field: int, content: str) -> bytes:
    """A string field."""
    return blob(field, content.encode())


# Keys


@dataclasses.dataclass(frozen=True)
class Key:
    """A key pair made from its name. Worth nothing: anyone who reads this has the private key."""

    name: str
    is_mirrored: bool = False

    @property
    def mirrored(self) -> Key:
        """The pair whose public key has the same X and the other Y: anyone who has one pair has both."""
        return Key(self.name, not self.is_mirrored)

    @functools.cached_property
    def _private(self) -> ec.EllipticCurvePrivateKey:
        seed = hashlib.sha256(b"a worthless key: " + self.name.encode()).digest()
        scalar = int.from_bytes(seed, "big") % ORDER
        return ec.derive_private_key(ORDER - scalar if self.is_mirrored else scalar, ec.SECP256R1())

    @functools.cached_property
    def keyval(self) -> bytes:
        """The uncompressed point."""
        return self._private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    @property
    def key_id(self) -> bytes:
        return key_id(self.keyval)

    @property
    def listed(self) -> bytes:
        """KeyMapping."""
        return listed_key(self.keyval)

    def sign(self, content: bytes) -> bytes:
        """r || s, the same in every run (RFC 6979)."""
        return raw(self.sign_der(content))

    def sign_der(self, content: bytes) -> bytes:
        """The signature as X.509 has it."""
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return self._private.sign(content, algorithm)

    def signature(self, content: bytes) -> bytes:
        """Signature."""
        return signature(self.key_id, self.sign(content))


def raw(der: bytes) -> bytes:
    """r || s of a DER signature."""
    r, s = utils.decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def other_s(value: bytes) -> bytes:
    """The other signature that is as good: s of the group's order less s."""
    return value[:32] + (ORDER - int.from_bytes(value[32:], "big")).to_bytes(32, "big")


def sha256(content: bytes) -> bytes:
    """A raw digest."""
    return hashlib.sha256(content).digest()


def key_id(keyval: bytes, key_type: int = 3, scheme: int = 3) -> bytes:
    """The hash that names a key."""
    return hashlib.sha256(bytes([key_type % 256, scheme % 256]) + keyval).digest()


def listed_key(
    keyval: bytes, key_type: int = 3, scheme: int = 3, id_: bytes | None = None
) -> bytes:
    """KeyMapping of any parts; the id fits them unless another one is given."""
    key = number(1, key_type) + number(2, scheme) + blob(3, keyval)
    return blob(1, key_id(keyval, key_type, scheme) if id_ is None else id_) + blob(2, key)


# Metadata


def common(
    role: str | None,
    version: int | None = 1,
    *,
    spec: str = "1.0.0",
    expires: bytes | None = None,
) -> bytes:
    """CommonMetadata. None leaves a field out."""
    message = text(1, spec)
    if version is not None:
        message += number(2, version)
    if expires is not None:
        message += blob(3, expires)
    return message + (text(4, role) if role is not None else b"")


def time(seconds: int, nanos: int | None = None) -> bytes:
    """Timestamp."""
    return number(1, seconds % 2**64) + (number(2, nanos % 2**64) if nanos is not None else b"")


def role(key_ids: Iterable[bytes], threshold: int = 1) -> bytes:
    """SignatureRequirement."""
    return b"".join(blob(1, each) for each in key_ids) + number(2, threshold)


def roles_of(*keys: Key, threshold: int = 1) -> bytes:
    """SignatureRequirement of keys."""
    return role((each.key_id for each in keys), threshold)


def root_of(common_: bytes, keys: Iterable[bytes], root_role: bytes, targets_role: bytes) -> bytes:
    """RootMetadata of any parts."""
    listed = b"".join(blob(3, each) for each in keys)
    return blob(1, common_) + listed + blob(4, root_role) + blob(7, targets_role)


def target(name: str, content: bytes) -> bytes:
    """TargetFile with the length and SHA-256 of its content."""
    return target_of(name, len(content), (1, hashlib.sha256(content).digest()))


def target_of(name: str, length: int, *digests: tuple[int, bytes]) -> bytes:
    """TargetFile of any parts; digests are (function, digest)."""
    hashes_ = (blob(3, number(1, function) + blob(2, digest)) for function, digest in digests)
    return text(1, name) + number(2, length) + b"".join(hashes_)


def targets_of(common_: bytes, files: Iterable[bytes]) -> bytes:
    """TargetsMetadata of any parts."""
    return blob(1, common_) + b"".join(blob(2, each) for each in files)


def signature(key_id_: bytes, value: bytes) -> bytes:
    """Signature of any parts."""
    return blob(1, key_id_) + blob(2, value)


def signed_by(content: bytes, *signatures: bytes) -> bytes:
    """Signed...Metadata of any signatures; every role's has the same fields."""
    return blob(1, content) + b"".join(blob(2, each) for each in signatures)


def signed(content: bytes, *keys: Key) -> bytes:
    """Signed...Metadata."""
    return signed_by(content, *(each.signature(content) for each in keys))


# The envelope


def targets_entry(signed_targets: bytes, name: str = "targets") -> bytes:
    """UpdateBundle.targets_metadata."""
    return blob(3, text(1, name) + blob(2, signed_targets))


def payload(name: str, content: bytes) -> bytes:
    """An entry of UpdateBundle.target_payloads."""
    return blob(4, text(1, name) + blob(2, content))


def payloads(contents: Mapping[str, bytes]) -> bytes:
    """UpdateBundle.target_payloads."""
    return b"".join(payload(name, content) for name, content in contents.items())


def root_entry(signed_root: bytes) -> bytes:
    """UpdateBundle.root_metadata."""
    return blob(5, signed_root)


def chain(*signed_roots: bytes) -> bytes:
    """UpdateBundle.root_chain."""
    return b"".join(blob(65, each) for each in signed_roots)


def manifest(targets_metadata: bytes, user_manifest: bytes | None = None) -> bytes:
    """Manifest of what a device has installed."""
    message = blob(1, text(1, "targets") + blob(2, targets_metadata))
    return message + (blob(2, user_manifest) if user_manifest is not None else b"")
