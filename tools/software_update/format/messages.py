"""The messages of metadata: their values as NamedTuples, and their descriptions for `wire.read`.

proto/*.proto is the schema, with the meaning of each field; a test compares these descriptions with it.
The values have the names of the messages, except where the project has its own word for one: a Role is a
SignatureRequirement, a Target is a TargetFile. An absent field has the value that protobuf gives it, or
None where the schema makes absence visible (`optional`, and messages). Lists are tuples.
"""

from typing import Any, NamedTuple, TypeVar

from software_update.base.errors import shown
from software_update.format import limits, wire
from software_update.format.verdicts import Refused, Verdict
from software_update.format.wire import Known, Message, Placed

# Numbers of the enums HashFunction, CompressionAlgorithm, KeyType and KeyScheme.
SHA256 = 1
ZSTD = 1
COMPRESSION_ALGORITHMS = {ZSTD: "zstd"}
KEY_TYPES = {0: "UNKNOWN_KEY_TYPE", 1: "RSA", 2: "ED25519", 3: "ECDSA_SHA2_NISTP256"}
KEY_SCHEMES = {
    0: "UNKNOWN_KEY_SCHEME",
    1: "RSASSA_PSS_SHA256_SCHEME",
    2: "ED25519_SCHEME",
    3: "ECDSA_SHA2_NISTP256_SCHEME",
}

SHA256_BYTES = 32

_VALUE = TypeVar("_VALUE")


class Signature(NamedTuple):
    """The raw key id of the key that signed, and its signature in the form of its scheme."""

    key_id: bytes
    value: bytes


class SignedMetadata(NamedTuple):
    """SignedRootMetadata or SignedTargetsMetadata. `serialized` is the place of the signed bytes."""

    serialized: Placed
    signatures: tuple[Signature, ...]


class Timestamp(NamedTuple):
    """Seconds since 1970, and nanoseconds."""

    seconds: int
    nanos: int


class CommonMetadata(NamedTuple):
    """The fields that the metadata of every role has. Metadata without `expires` never expire."""

    spec_version: str
    version: int
    expires: Timestamp | None
    role: str | None


class Key(NamedTuple):
    """A public key as metadata lists it; nothing about it has been checked."""

    key_type: int
    scheme: int
    keyval: bytes


class KeyMapping(NamedTuple):
    """A raw key id, and the key that it identifies."""

    key_id: bytes
    key: Key


class Role(NamedTuple):
    """The keys that may sign for a role, by raw key id, and how many of them must."""

    key_ids: tuple[bytes, ...]
    threshold: int


class RootMetadata(NamedTuple):
    """The signed bytes of root metadata."""

    common_metadata: CommonMetadata
    consistent_snapshot: bool
    keys: tuple[KeyMapping, ...]
    root: Role
    timestamp: Role | None
    snapshot: Role | None
    targets: Role
    allowed_targets: tuple[str, ...]
    dev_keys: bool


class Hash(NamedTuple):
    """A digest, and the number of the hash function that made it."""

    function: int
    hash: bytes


class Compression(NamedTuple):
    """The compression of a payload: the number of the algorithm, and the original's length and raw SHA-256.

    The original is the content after decompression, which a device installs.
    """

    algorithm: int
    original_length: int
    original_sha256: bytes


class Target(NamedTuple):
    """A target as targets metadata lists it.

    `length`, in bytes, and `hashes` are those of the payload in a bundle. If `compression` is not None,
    the payload is compressed.
    """

    name: str
    length: int
    hashes: tuple[Hash, ...]
    compression: Compression | None = None

    @classmethod
    def of(
        cls, name: str, length: int, sha256: bytes, compression: Compression | None = None
    ) -> "Target":
        """Makes a target with one hash, as this project's tools write it."""
        return cls(name, length, (Hash(SHA256, sha256),), compression)

    def as_written(self) -> "Target":
        """Returns the target as this project's tools write it: without hashes other than the SHA-256."""
        return self._replace(hashes=(Hash(SHA256, self.sha256),))

    @property
    def sha256(self) -> bytes:
        """The one SHA-256 of the target, raw. Raises Refused with none, two, or one of another length."""
        digests = [digest for function, digest in self.hashes if function == SHA256]
        if len(digests) != 1 or len(digests[0]) != SHA256_BYTES:
            raise Refused(
                Verdict.HASH_UNSUPPORTED,
                "needs exactly one SHA-256 of 32 bytes",
                subject=f"target '{shown(self.name)}'",
            )
        return digests[0]

    @property
    def original(self) -> "Target":
        """The target with the content that a device installs as its payload, not compressed."""
        if self.compression is None:
            return self
        _, length, sha256 = self.compression
        return Target.of(self.name, length, sha256)


class TargetsMetadata(NamedTuple):
    """The signed bytes of targets metadata."""

    common_metadata: CommonMetadata
    target_files: tuple[Target, ...]


class TargetsMetadataEntry(NamedTuple):
    """An entry of a manifest. `value` is TargetsMetadata, and its place."""

    key: str
    value: Placed | None


class Manifest(NamedTuple):
    """The manifest that a device keeps of the release that it runs."""

    targets_metadata: tuple[TargetsMetadataEntry, ...]
    user_manifest: bytes | None
    root_version: int | None
    root_sha256: bytes | None


# Descriptions. Other checks are often stricter than the limits here, and give the verdict on a smaller fault.


def _message(name: str, value: type[_VALUE], *fields: Known) -> Message[_VALUE]:
    return Message(name, value, *(_limited(name, each) for each in fields))


def _limited(message: str, field: Known) -> Known:
    """Returns a field with its full name, and the limits for that name."""
    name = f"{message}.{field.name}"
    limit = field.limit
    if field.wire_type == wire.LENGTH_DELIMITED and field.message is None:
        limit = limits.MAX_LENGTHS[name]
    most = limits.MAX_COUNTS[name] if field.repeated else 1
    return field._replace(name=name, limit=limit, most=most)


def _uint32(number: int, name: str, default: int | None = 0) -> Known:
    return Known(number, name, wire.VARINT, limit=2**32 - 1, default=default)


def _uint64(number: int, name: str) -> Known:
    return Known(number, name, wire.VARINT, default=0)


def _bool(number: int, name: str) -> Known:
    return Known(number, name, wire.VARINT, limit=1, value_of=bool, default=False)


# No field has a use for a negative number except the seconds of a Timestamp.
def _int32(number: int, name: str) -> Known:
    return Known(number, name, wire.VARINT, limit=2**31 - 1, default=0)


def _int64(number: int, name: str) -> Known:
    return Known(number, name, wire.VARINT, value_of=_signed, default=0)


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


def _bytes(number: int, name: str, default: bytes | None = b"") -> Known:
    return Known(number, name, default=default)


def _placed_bytes(number: int, name: str) -> Known:
    return Known(number, name, placed=True, default=Placed(None, 0, 0))


def _text(number: int, name: str, default: str | None = "") -> Known:
    return Known(number, name, text=True, default=default)


def _inner(number: int, name: str, message: Message[Any], **kind: Any) -> Known:
    return Known(number, name, message=message, **kind)


def _list(number: int, name: str, message: Message[Any]) -> Known:
    return _inner(number, name, message, repeated=True)


SIGNATURE = _message("Signature", Signature, _bytes(1, "key_id"), _bytes(2, "sig"))

SIGNED_ROOT_METADATA = _message(
    "SignedRootMetadata",
    SignedMetadata,
    _placed_bytes(1, "serialized_root_metadata"),
    _list(2, "signatures", SIGNATURE),
)

SIGNED_TARGETS_METADATA = _message(
    "SignedTargetsMetadata",
    SignedMetadata,
    _placed_bytes(1, "serialized_targets_metadata"),
    _list(2, "signatures", SIGNATURE),
)

TIMESTAMP = _message("Timestamp", Timestamp, _int64(1, "seconds"), _int32(2, "nanos"))

COMMON_METADATA = _message(
    "CommonMetadata",
    CommonMetadata,
    _text(1, "spec_version"),
    _uint32(2, "version"),
    _inner(3, "expires", TIMESTAMP),
    _text(4, "role", default=None),
)
_NO_COMMON = CommonMetadata("", 0, None, None)

KEY = _message("Key", Key, _int32(1, "key_type"), _int32(2, "scheme"), _bytes(3, "keyval"))

KEY_MAPPING = _message(
    "KeyMapping", KeyMapping, _bytes(1, "key_id"), _inner(2, "key", KEY, default=Key(0, 0, b""))
)

SIGNATURE_REQUIREMENT = _message(
    "SignatureRequirement", Role, Known(1, "key_ids", repeated=True), _uint32(2, "threshold")
)
_NO_ROLE = Role((), 0)

ROOT_METADATA = _message(
    "RootMetadata",
    RootMetadata,
    _inner(1, "common_metadata", COMMON_METADATA, default=_NO_COMMON),
    _bool(2, "consistent_snapshot"),
    _list(3, "keys", KEY_MAPPING),
    _inner(4, "root_signature_requirement", SIGNATURE_REQUIREMENT, default=_NO_ROLE),
    _inner(5, "timestamp_signature_requirement", SIGNATURE_REQUIREMENT),
    _inner(6, "snapshot_signature_requirement", SIGNATURE_REQUIREMENT),
    _inner(7, "targets_signature_requirement", SIGNATURE_REQUIREMENT, default=_NO_ROLE),
    Known(254, "allowed_targets", text=True, repeated=True),
    _bool(255, "dev_keys"),
)

HASH = _message("Hash", Hash, _int32(1, "function"), _bytes(2, "hash"))

COMPRESSION = _message(
    "Compression",
    Compression,
    _int32(1, "algorithm"),
    _uint64(2, "original_length"),
    _bytes(3, "original_sha256"),
)

TARGET_FILE = _message(
    "TargetFile",
    Target,
    _text(1, "file_name"),
    _uint64(2, "length"),
    _list(3, "hashes", HASH),
    _inner(254, "compression", COMPRESSION),
)

TARGETS_METADATA = _message(
    "TargetsMetadata",
    TargetsMetadata,
    _inner(1, "common_metadata", COMMON_METADATA, default=_NO_COMMON),
    _list(2, "target_files", TARGET_FILE),
)

_TARGETS_METADATA_ENTRY = _message(
    "TargetsMetadataEntry",
    TargetsMetadataEntry,
    _text(1, "key"),
    _inner(2, "value", TARGETS_METADATA, placed=True),
)

MANIFEST = _message(
    "Manifest",
    Manifest,
    _list(1, "targets_metadata", _TARGETS_METADATA_ENTRY),
    _bytes(2, "user_manifest", default=None),
    _uint32(65, "root_version", default=None),
    _bytes(66, "root_sha256", default=None),
)
