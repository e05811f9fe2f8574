"""Encodes and signs metadata and bundles byte by byte, without any code of the product.

Unit tests, attacks, the fuzzer and the mutation tests use this module, because the product cannot make most
of the bundles that it must reject. A message is the bytes of its fields, one after the other:

    text(1, "app") + number(2, 7)

A function whose name ends in `_of` takes all parts of a message, also parts that do not fit each other.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

# The order of P-256's group, and the prime of its field.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1

# Private scalars of the keys that most tests use.
ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3, TARGETS_KEY, TARGETS_KEY_2, TARGETS_KEY_3, STRANGER = range(
    11, 18
)

# The wire


def varint(value: int, size: int = 0) -> bytes:
    """A base-128 varint, in its shortest form or padded to `size` bytes."""
    out = bytearray()
    while value > 127 or size > len(out) + 1:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def tag(field: int, wire_type: int) -> bytes:
    """The beginning of a field."""
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
    """A P-256 key pair that protects nothing: anyone who reads a test has its private scalar."""

    scalar: int

    @classmethod
    def named(cls, name: str) -> Key:
        """Returns the key pair that is derived from a name."""
        seed = hashlib.sha256(b"a worthless key: " + name.encode()).digest()
        return cls(int.from_bytes(seed, "big") % ORDER)

    @property
    def mirrored(self) -> Key:
        """The pair whose public key has the same X and the other Y: anyone who has one pair has both."""
        return Key(ORDER - self.scalar)

    @functools.cached_property
    def _private(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(self.scalar, ec.SECP256R1())

    @functools.cached_property
    def keyval(self) -> bytes:
        """The uncompressed point."""
        return self._private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    @property
    def key_id(self) -> bytes:
        """The raw key id."""
        return key_id_of(self.keyval)

    @property
    def listed(self) -> bytes:
        """KeyMapping."""
        return key_of(self.keyval)

    def sign(self, content: bytes) -> bytes:
        """Returns r || s, the same in every run (RFC 6979)."""
        return raw(self.sign_der(content))

    def sign_der(self, content: bytes) -> bytes:
        """Returns the signature in the form of X.509."""
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return self._private.sign(content, algorithm)

    def signature(self, content: bytes) -> bytes:
        """Signature."""
        return signature_of(self.key_id, self.sign(content))


@functools.cache
def pair(key: Key | int) -> Key:
    """Returns the key pair of a private scalar, or the pair itself."""
    return Key(key) if isinstance(key, int) else key


def raw(der: bytes) -> bytes:
    """r || s of a DER signature."""
    r, s = utils.decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def other_s(value: bytes) -> bytes:
    """The other signature that is equally good: s is the group's order minus s."""
    return value[:32] + (ORDER - int.from_bytes(value[32:], "big")).to_bytes(32, "big")


def sha256(content: bytes) -> bytes:
    """A raw digest."""
    return hashlib.sha256(content).digest()


def key_id_of(keyval: bytes, key_type: int = 3, scheme: int = 3) -> bytes:
    """The hash that names a key."""
    return hashlib.sha256(bytes([key_type % 256, scheme % 256]) + keyval).digest()


def key(each: Key | int, *, key_type: int = 3, scheme: int = 3, id_: bytes | None = None) -> bytes:
    """KeyMapping of a key pair."""
    return key_of(pair(each).keyval, key_type, scheme, id_)


def key_of(keyval: bytes, key_type: int = 3, scheme: int = 3, id_: bytes | None = None) -> bytes:
    """KeyMapping of any parts; without `id_`, the id fits the others."""
    id_ = key_id_of(keyval, key_type, scheme) if id_ is None else id_
    return blob(1, id_) + blob(2, number(1, key_type) + number(2, scheme) + blob(3, keyval))


# Metadata


def common(
    role: str | None,
    version: int | None = 1,
    *,
    spec: str = "1.0.0",
    expires: int | bytes | None = None,
    nanos: int = 0,
) -> bytes:
    """CommonMetadata. None leaves a field out; `expires` is in seconds, or a whole Timestamp."""
    if isinstance(expires, int):
        expires = time(expires, nanos or None)
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


def roles_of(*keys: Key | int, threshold: int = 1) -> bytes:
    """SignatureRequirement of key pairs."""
    return role((pair(each).key_id for each in keys), threshold)


def root(
    version: int = 1,
    root_keys: Sequence[Key | int] = (ROOT_KEY,),
    targets_keys: Sequence[Key | int] = (TARGETS_KEY,),
    root_threshold: int = 1,
    targets_threshold: int = 1,
    expires: int | bytes | None = None,
) -> bytes:
    """RootMetadata of key pairs."""
    return root_of(
        common("root", version, expires=expires),
        [key(each) for each in (*root_keys, *targets_keys)],
        roles_of(*root_keys, threshold=root_threshold),
        roles_of(*targets_keys, threshold=targets_threshold),
    )


def root_of(common_: bytes, keys: Iterable[bytes], root_role: bytes, targets_role: bytes) -> bytes:
    """RootMetadata of any parts."""
    listed = b"".join(blob(3, each) for each in keys)
    return blob(1, common_) + listed + blob(4, root_role) + blob(7, targets_role)


def target(name: str, content: bytes) -> bytes:
    """TargetFile with the length and SHA-256 of its content."""
    return target_of(name, len(content), [(1, sha256(content))])


def target_of(name: str, length: int, digests: Iterable[tuple[int, bytes]] = ()) -> bytes:
    """TargetFile of any parts; digests are (function, digest)."""
    hashes_ = (blob(3, number(1, function) + blob(2, digest)) for function, digest in digests)
    return text(1, name) + number(2, length) + b"".join(hashes_)


def compressed(
    name: str, stored: bytes, original: bytes, *, algorithm: int = 1, length: int | None = None
) -> bytes:
    """TargetFile of a compressed payload; `length` is another length of the original."""
    size = len(original) if length is None else length
    return compressed_of(
        name, stored, number(1, algorithm) + number(2, size) + blob(3, sha256(original))
    )


def compressed_of(name: str, stored: bytes, compression: bytes) -> bytes:
    """TargetFile with any Compression."""
    return target(name, stored) + blob(254, compression)


def targets(
    contents: Mapping[str, bytes],
    version: int = 1,
    expires: int | bytes | None = None,
    nanos: int = 0,
) -> bytes:
    """TargetsMetadata of target names and contents."""
    return targets_of(
        common("targets", version, expires=expires, nanos=nanos),
        [target(name, content) for name, content in contents.items()],
    )


def targets_of(common_: bytes, files: Iterable[bytes]) -> bytes:
    """TargetsMetadata of any parts."""
    return blob(1, common_) + b"".join(blob(2, each) for each in files)


def signature(content: bytes, by: Key | int) -> bytes:
    """Signature by a key pair."""
    return pair(by).signature(content)


def signature_of(key_id: bytes, value: bytes) -> bytes:
    """Signature of any parts."""
    return blob(1, key_id) + blob(2, value)


def signed(content: bytes, *keys: Key | int) -> bytes:
    """Signed...Metadata: every role's has the same fields."""
    return signed_of(content, [signature(content, each) for each in keys])


def signed_of(content: bytes, signatures: Iterable[bytes]) -> bytes:
    """Signed...Metadata of any signatures."""
    return blob(1, content) + b"".join(blob(2, each) for each in signatures)


# The envelope


def targets_entry(signed_targets: bytes, name: str = "targets") -> bytes:
    """UpdateBundle.targets_metadata."""
    return blob(3, text(1, name) + blob(2, signed_targets))


def payload(name: str, content: bytes) -> bytes:
    """An entry of UpdateBundle.target_payloads."""
    return blob(4, text(1, name) + blob(2, content))


def payloads(contents: Mapping[str, bytes]) -> bytes:
    """UpdateBundle.target_payloads in our order: user_manifest, then the rest sorted by name."""
    names = sorted(contents, key=lambda name: (name != "user_manifest", name))
    return b"".join(payload(name, contents[name]) for name in names)


def root_entry(signed_root: bytes) -> bytes:
    """UpdateBundle.root_metadata."""
    return blob(5, signed_root)


def chain(*signed_roots: bytes) -> bytes:
    """UpdateBundle.root_chain."""
    return b"".join(blob(65, each) for each in signed_roots)


def bundle(
    contents: Mapping[str, bytes],
    *,
    version: int = 1,
    expires: int | None = None,
    signed_root: bytes | None = None,
    signers: Sequence[Key | int] = (TARGETS_KEY,),
) -> bytes:
    """A good bundle in our order: root, targets metadata, payloads."""
    return (
        root_entry(signed_root if signed_root is not None else signed(root(), ROOT_KEY))
        + targets_entry(signed(targets(contents, version, expires), *signers))
        + payloads(contents)
    )


def manifest(
    targets_metadata: bytes,
    user_manifest: bytes | None = None,
    root: tuple[int, bytes] | None = None,
) -> bytes:
    """A device's Manifest. `root`: version and RootMetadata under which the release was accepted."""
    message = blob(1, text(1, "targets") + blob(2, targets_metadata))
    if user_manifest is not None:
        message += blob(2, user_manifest)
    if root is not None:
        message += number(65, root[0]) + blob(66, sha256(root[1]))
    return message
