"""Root and targets metadata: what they hold, how they are written, and how they are read back.

Reading checks only the form (TUF specification 4.2 to 4.5); whether to trust it is `verify`'s question.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from software_update.base.errors import shown
from software_update.format import limits, wire
from software_update.format.proto import tuf_pb2, update_bundle_pb2
from software_update.format.release_manifest import ReleaseManifest, parse_release
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.dev_key_ids import DEV_KEY_IDS
from software_update.keys.public_key import PublicKey
from software_update.keys.scheme import Message
from software_update.keys.schemes import identity

SPEC_VERSION = "1.0.0"
ROOT = "root"
TARGETS = "targets"

_READABLE_SPEC_VERSION = re.compile(r"0\.0\.1|1\.\d{1,9}\.\d{1,9}", re.ASCII)
_SHA256_BYTES = 32
# Timestamp's range, years 1 to 9999.
_MIN_SECONDS, _MAX_SECONDS = -62_135_596_800, 253_402_300_799


class Signature(NamedTuple):
    """The raw key id of the key that signed, and its signature in the form of its scheme."""

    key_id: bytes
    value: bytes


class Signed(NamedTuple):
    """Metadata bytes as they were signed, and the signatures over them."""

    serialized: bytes
    signatures: tuple[Signature, ...]

    @property
    def message(self) -> Message:
        """The signed bytes, for verifying signatures."""
        return Message(self.serialized)


class UnparsedSigned(NamedTuple):
    """As Signed, but the signed bytes are still data[start:end] of the message."""

    data: bytes
    start: int
    end: int
    signatures: tuple[Signature, ...]

    @property
    def serialized(self) -> bytes:
        return self.data[self.start : self.end]

    @property
    def message(self) -> Message:
        """The signed bytes, for verifying signatures; not copied."""
        return Message(memoryview(self.data)[self.start : self.end])


class Common(NamedTuple):
    """The fields that metadata of every role has. `expires` is (seconds since 1970, nanoseconds)."""

    version: int
    expires: tuple[int, int] | None


class ListedKey(NamedTuple):
    """A key as root metadata lists it; nothing about it has been checked."""

    key_id: bytes
    key_type: int
    scheme: int
    keyval: bytes

    @property
    def identity(self) -> bytes:
        """Equal for keys that the same person can sign with."""
        return identity(self.key_type, self.scheme, self.keyval)


class Role(NamedTuple):
    """The keys that may sign for a role, by raw key id, and how many of them must."""

    key_ids: tuple[bytes, ...]
    threshold: int


class RootId(NamedTuple):
    """The identity of a root: its version, and the SHA-256 of its signed bytes (without signatures)."""

    version: int
    sha256: bytes


class Root(NamedTuple):
    """Root metadata. `serialized` is what was signed; `dev_keys`, what it says of itself."""

    serialized: bytes
    common: Common
    keys: tuple[ListedKey, ...]
    root: Role
    targets: Role
    dev_keys: bool

    @property
    def is_dev(self) -> bool:
        """Returns whether it says DEV KEYS, or lists a throw-away key of tools/dev_keys."""
        return self.dev_keys or any(key.key_id.hex() in DEV_KEY_IDS for key in self.keys)

    @property
    def id(self) -> RootId:
        """Its identity, as a device's manifest records it."""
        return RootId(self.common.version, hashlib.sha256(self.serialized).digest())

    def identities(self, role: Role) -> dict[bytes, bytes]:
        """The identity of each of the role's keys, by raw key id. An id that is not listed is its own."""
        listed = {key.key_id: key.identity for key in self.keys}
        return {each: listed.get(each, each) for each in role.key_ids}


class Target(NamedTuple):
    """A target: name, length in bytes, raw SHA-256."""

    name: str
    length: int
    sha256: bytes


class ListedTarget(NamedTuple):
    """A target as targets metadata lists it: its hashes are (HashFunction, digest) pairs."""

    name: str
    length: int
    hashes: tuple[tuple[int, bytes], ...]


class Targets(NamedTuple):
    """Targets metadata. `serialized` is what was signed."""

    serialized: bytes
    common: Common
    targets: tuple[ListedTarget, ...]


class Installed(NamedTuple):
    """The release that a device runs: its targets metadata, its user_manifest, and the parsed manifest.

    `root` identifies the root under which the release was accepted. None: the device's manifest does
    not name it.
    """

    targets: Targets
    user_manifest: bytes | None
    release: ReleaseManifest | None
    root: RootId | None = None


# Writing


def build_targets(version: int, targets: Iterable[Target], expires: int | None) -> bytes:
    """Targets metadata to sign. `expires` in seconds since 1970; targets come out sorted by name."""
    message = tuf_pb2.TargetsMetadata(common_metadata=_build_common(TARGETS, version, expires))
    for target in sorted(targets, key=lambda target: target.name):
        listed = message.target_files.add(file_name=target.name, length=target.length)
        listed.hashes.add(function=tuf_pb2.SHA256, hash=target.sha256)
    return message.SerializeToString(deterministic=True)


def build_root(
    version: int,
    root_keys: Sequence[PublicKey],
    root_threshold: int,
    targets_keys: Sequence[PublicKey],
    targets_threshold: int,
    expires: int | None,
    *,
    dev_keys: bool = False,
) -> bytes:
    """Root metadata to sign. `expires` in seconds since 1970; keys come out sorted by key id.

    `dev_keys`: anyone can sign by it, and it says so.
    """
    message = tuf_pb2.RootMetadata(
        common_metadata=_build_common(ROOT, version, expires),
        consistent_snapshot=False,
        root_signature_requirement=_build_role(root_keys, root_threshold),
        targets_signature_requirement=_build_role(targets_keys, targets_threshold),
        dev_keys=dev_keys,
    )
    for key in sorted({*root_keys, *targets_keys}, key=lambda key: key.key_id):
        message.keys.append(
            tuf_pb2.KeyMapping(
                key_id=key.key_id,
                key=tuf_pb2.Key(
                    key_type=key.scheme.key_type,  # type: ignore[arg-type]
                    scheme=key.scheme.number,  # type: ignore[arg-type]
                    keyval=key.keyval,
                ),
            )
        )
    return message.SerializeToString(deterministic=True)


def build_signed(role: str, signed: Signed) -> bytes:
    """The Signed...Metadata message; signatures come out sorted by key id."""
    signatures = [
        tuf_pb2.Signature(key_id=signature.key_id, sig=signature.value)
        for signature in sorted(signed.signatures, key=lambda signature: signature.key_id)
    ]
    message: tuf_pb2.SignedRootMetadata | tuf_pb2.SignedTargetsMetadata
    if role == ROOT:
        message = tuf_pb2.SignedRootMetadata(
            serialized_root_metadata=signed.serialized, signatures=signatures
        )
    else:
        message = tuf_pb2.SignedTargetsMetadata(
            serialized_targets_metadata=signed.serialized, signatures=signatures
        )
    return message.SerializeToString(deterministic=True)


def build_manifest(targets: Targets, user_manifest: bytes | None, root: RootId) -> bytes:
    """The Manifest that a device keeps of its installed release, which was accepted under `root`."""
    entry = wire.encode_field(1, TARGETS.encode()) + wire.encode_field(2, targets.serialized)
    manifest = wire.encode_field(1, entry)
    if user_manifest is not None:
        manifest += wire.encode_field(2, user_manifest)
    return manifest + wire.encode_number(65, root.version) + wire.encode_field(66, root.sha256)


def _build_common(role: str, version: int, expires: int | None) -> tuf_pb2.CommonMetadata:
    common = tuf_pb2.CommonMetadata(spec_version=SPEC_VERSION, version=version, role=role)
    if expires is not None:
        common.expires.seconds = expires
        common.expires.SetInParent()
    return common


def _build_role(keys: Sequence[PublicKey], threshold: int) -> tuf_pb2.SignatureRequirement:
    return tuf_pb2.SignatureRequirement(
        key_ids=sorted(key.key_id for key in keys), threshold=threshold
    )


# Reading


def find_signed(role: str, data: bytes) -> UnparsedSigned:
    """Checks the form of a Signed...Metadata message, and finds its parts without copying the signed bytes.

    It may contain only the signed bytes and signatures.
    """
    message = tuf_pb2.SignedRootMetadata if role == ROOT else tuf_pb2.SignedTargetsMetadata
    wire.check(data, 0, len(data), message, max_unknown=0)
    start = end = 0
    signatures = []
    for field in wire.fields(data, 0, len(data)):
        if field.number == 1:
            start, end = field.start, field.end
        else:
            signature = tuf_pb2.Signature.FromString(data[field.start : field.end])
            signatures.append(Signature(signature.key_id, signature.sig))
    return UnparsedSigned(data, start, end, tuple(signatures))


def parse_signed(role: str, data: bytes) -> Signed:
    """Parses a Signed...Metadata message, which may contain only the signed bytes and signatures."""
    found = find_signed(role, data)
    return Signed(found.serialized, found.signatures)


def stated_role(serialized: bytes) -> str | None:
    """The role that metadata states in its bytes; None if it states none."""
    for outer in wire.fields(serialized, 0, len(serialized)):
        if (outer.number, outer.wire_type) == (1, wire.LENGTH_DELIMITED):
            for field in wire.fields(serialized, outer.start, outer.end):
                if (field.number, field.wire_type) == (4, wire.LENGTH_DELIMITED):
                    return serialized[field.start : field.end].decode(errors="replace")
    return None


def parse_root(serialized: bytes) -> Root:
    """Parses the signed bytes of root metadata."""
    message = wire.parse(
        serialized, tuf_pb2.RootMetadata, max_unknown=limits.MAX_UNKNOWN_ROOT_FIELDS
    )
    return Root(
        serialized,
        _parse_common(ROOT, message.common_metadata),
        tuple(
            ListedKey(each.key_id, each.key.key_type, each.key.scheme, each.key.keyval)
            for each in message.keys
        ),
        _parse_role(message.root_signature_requirement),
        _parse_role(message.targets_signature_requirement),
        message.dev_keys,
    )


def check_targets(data: bytes, start: int, end: int) -> Common:
    """Checks the form of the targets metadata data[start:end], and parses only their common part.

    Parsing all of them costs so much more that only signed metadata get it: see `read_targets`.
    """
    wire.check(
        data, start, end, tuf_pb2.TargetsMetadata, max_unknown=limits.MAX_UNKNOWN_TARGETS_FIELDS
    )
    return _common_of_targets(data, start, end)


def read_targets(serialized: bytes, common: Common) -> Targets:
    """Parses targets metadata for which `check_targets` returned `common`."""
    message = tuf_pb2.TargetsMetadata.FromString(serialized)
    return Targets(
        serialized,
        common,
        tuple(
            ListedTarget(
                each.file_name,
                each.length,
                tuple((hash_.function, hash_.hash) for hash_ in each.hashes),
            )
            for each in message.target_files
        ),
    )


def parse_targets(serialized: bytes) -> Targets:
    """Checks and parses the signed bytes of targets metadata."""
    return read_targets(serialized, check_targets(serialized, 0, len(serialized)))


def parse_manifest(data: bytes) -> Installed:
    """Parses the Manifest of a device: the release that it has installed."""
    wire.check(
        data,
        0,
        len(data),
        update_bundle_pb2.Manifest,
        max_unknown=limits.MAX_UNKNOWN_TARGETS_FIELDS,
    )
    numbers = (1, 2, 65, 66)
    fields = [field for field in wire.fields(data, 0, len(data)) if field.number in numbers]
    entries = [field for field in fields if field.number == 1]
    if len(entries) != 1:
        raise Refused(Verdict.MALFORMED, "needs one entry 'targets', as a device's manifest has")
    entry = {
        field.number: data[field.start : field.end]
        for field in wire.fields(data, entries[0].start, entries[0].end)
    }
    if entry.get(1) != TARGETS.encode():
        raise Refused(Verdict.MALFORMED, "has metadata other than 'targets'")
    serialized = entry.get(2, b"")
    user_manifest = next((data[each.start : each.end] for each in fields if each.number == 2), None)
    return Installed(
        read_targets(serialized, _common_of_targets(serialized, 0, len(serialized))),
        user_manifest,
        None if user_manifest is None else parse_release(user_manifest),
        _parse_root_id(data, fields),
    )


def _parse_root_id(data: bytes, fields: Iterable[wire.Field]) -> RootId | None:
    version = next((each.value for each in fields if each.number == 65), None)
    sha256 = next((data[each.start : each.end] for each in fields if each.number == 66), None)
    if version is None and sha256 is None:
        return None
    if not version or sha256 is None or len(sha256) != _SHA256_BYTES:
        raise Refused(
            Verdict.MALFORMED,
            "root_version and root_sha256 need a version of at least 1 and 32 bytes, or neither",
        )
    return RootId(version, sha256)


def sha256_of(target: ListedTarget) -> bytes:
    """The one SHA-256 of a target. None, two, or one of another length is refused."""
    digests = [digest for function, digest in target.hashes if function == tuf_pb2.SHA256]
    if len(digests) != 1 or len(digests[0]) != _SHA256_BYTES:
        raise Refused(
            Verdict.HASH_UNSUPPORTED,
            "needs exactly one SHA-256 of 32 bytes",
            subject=f"target '{shown(target.name)}'",
        )
    return digests[0]


def _common_of_targets(data: bytes, start: int, end: int) -> Common:
    fields = wire.fields(data, start, end)
    common = next((data[each.start : each.end] for each in fields if each.number == 1), b"")
    return _parse_common(TARGETS, tuf_pb2.CommonMetadata.FromString(common))


def _parse_role(message: tuf_pb2.SignatureRequirement) -> Role:
    return Role(tuple(message.key_ids), message.threshold)


def _parse_common(role: str, message: tuf_pb2.CommonMetadata) -> Common:
    expires = None
    if message.HasField("expires"):
        expires = (message.expires.seconds, message.expires.nanos)
        if not (_MIN_SECONDS <= expires[0] <= _MAX_SECONDS and 0 <= expires[1] < 1_000_000_000):
            raise Refused(Verdict.MALFORMED, "expires is not a date between the years 1 and 9999")
    if not message.HasField("role") or message.role != role:
        found = f"the role '{shown(message.role)}'" if message.HasField("role") else "no role"
        raise Refused(Verdict.WRONG_ROLE, f"has {found}, not '{role}'")
    if not _READABLE_SPEC_VERSION.fullmatch(message.spec_version):
        raise Refused(
            Verdict.UNSUPPORTED_SPEC_VERSION,
            f"spec_version '{shown(message.spec_version)}' is neither 0.0.1 nor 1.x.y",
        )
    if message.version < 1:
        raise Refused(Verdict.INVALID_VERSION, "version 0; a version is at least 1")
    return Common(message.version, expires)
