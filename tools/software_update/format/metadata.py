"""Writes and reads root and targets metadata.

Reading checks only the form (TUF specification 4.2 to 4.5); `verify` decides whether to trust it. It needs
no protobuf: `messages` describes the messages, and `wire` reads them. Writing needs protobuf, and imports
it when it is first used.

    signed, root = metadata.parse_signed_root(path.read_bytes())
    root.common.version

Raises Refused for everything that a device would not read.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from software_update.base.errors import shown
from software_update.format import limits, messages, wire
from software_update.format.allowed_targets import list_problem
from software_update.format.messages import CommonMetadata, Role, Signature, Target
from software_update.format.release_manifest import ReleaseManifest, parse_release
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.dev_key_ids import DEV_KEY_IDS
from software_update.keys.public_key import PublicKey
from software_update.keys.scheme import Message
from software_update.keys.schemes import identity

if TYPE_CHECKING:
    from software_update.format.proto import tuf_pb2

SPEC_VERSION = "1.0.0"
ROOT = "root"
TARGETS = "targets"

_READABLE_SPEC_VERSION = re.compile(r"0\.0\.1|1\.\d{1,9}\.\d{1,9}", re.ASCII)
# Timestamp's range, years 1 to 9999.
_MIN_SECONDS, _MAX_SECONDS = -62_135_596_800, 253_402_300_799


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


class RootId(NamedTuple):
    """The identity of a root: its version, and the SHA-256 of its signed bytes (without signatures)."""

    version: int
    sha256: bytes


class Root(NamedTuple):
    """Root metadata. `serialized` is what was signed; `dev_keys`, what it says of itself.

    `allowed_targets` are the entries for names that its targets metadata may list; empty allows all names.
    """

    serialized: bytes
    common: CommonMetadata
    keys: tuple[ListedKey, ...]
    root: Role
    targets: Role
    allowed_targets: tuple[str, ...]
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


class Targets(NamedTuple):
    """Targets metadata. `serialized` is what was signed."""

    serialized: bytes
    common: CommonMetadata
    targets: tuple[Target, ...]

    @property
    def digest(self) -> bytes:
        """The release digest: the SHA-256 of what was signed."""
        return hashlib.sha256(self.serialized).digest()


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


class RoleKeys(NamedTuple):
    """The keys of a role in a root that is to be made, and the number of them that must sign."""

    keys: Sequence[PublicKey]
    threshold: int


def build_targets(version: int, targets: Iterable[Target], expires: int | None) -> bytes:
    """Targets metadata to sign. `expires` in seconds since 1970; targets come out sorted by name."""
    from software_update.format.proto import tuf_pb2

    message = tuf_pb2.TargetsMetadata(common_metadata=_build_common(TARGETS, version, expires))
    for target in sorted(targets, key=lambda target: target.name):
        listed = message.target_files.add(file_name=target.name, length=target.length)
        listed.hashes.add(function=tuf_pb2.SHA256, hash=target.sha256)
        if target.compression:
            listed.compression.CopyFrom(tuf_pb2.Compression(**target.compression._asdict()))
    return message.SerializeToString(deterministic=True)


def build_root(
    version: int,
    root: RoleKeys,
    targets: RoleKeys,
    expires: int | None,
    *,
    allowed_targets: Iterable[str] = (),
    dev_keys: bool = False,
) -> bytes:
    """Root metadata to sign. `expires` in seconds since 1970; keys come out sorted by key id.

    `allowed_targets`: a valid list, which comes out sorted; empty allows all names. `dev_keys`: anyone can
    sign by it, and it says so.
    """
    from software_update.format.proto import tuf_pb2

    message = tuf_pb2.RootMetadata(
        common_metadata=_build_common(ROOT, version, expires),
        consistent_snapshot=False,
        root_signature_requirement=_build_role(root),
        targets_signature_requirement=_build_role(targets),
        allowed_targets=sorted(allowed_targets),
        dev_keys=dev_keys,
    )
    for key in sorted({*root.keys, *targets.keys}, key=lambda key: key.key_id):
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
    from software_update.format.proto import tuf_pb2

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


def _build_common(role: str, version: int, expires: int | None) -> "tuf_pb2.CommonMetadata":
    from software_update.format.proto import tuf_pb2

    common = tuf_pb2.CommonMetadata(spec_version=SPEC_VERSION, version=version, role=role)
    if expires is not None:
        common.expires.seconds = expires
        common.expires.SetInParent()
    return common


def _build_role(role: RoleKeys) -> "tuf_pb2.SignatureRequirement":
    from software_update.format.proto import tuf_pb2

    return tuf_pb2.SignatureRequirement(
        key_ids=sorted(key.key_id for key in role.keys), threshold=role.threshold
    )


# Reading


def find_signed(role: str, data: bytes) -> UnparsedSigned:
    """Checks the form of a Signed...Metadata message, and finds its parts without copying the signed bytes.

    It may contain only the signed bytes and signatures.
    """
    message = messages.SIGNED_ROOT_METADATA if role == ROOT else messages.SIGNED_TARGETS_METADATA
    found = wire.read(data, 0, len(data), message, max_unknown=0)
    return UnparsedSigned(data, found.serialized.start, found.serialized.end, found.signatures)


def parse_signed(role: str, data: bytes) -> Signed:
    """Parses a Signed...Metadata message, which may contain only the signed bytes and signatures."""
    found = find_signed(role, data)
    return Signed(found.serialized, found.signatures)


def parse_signed_root(data: bytes) -> tuple[Signed, Root]:
    """Parses a SignedRootMetadata message and the root metadata in it."""
    signed = parse_signed(ROOT, data)
    return signed, parse_root(signed.serialized)


def parse_signed_targets(data: bytes) -> tuple[Signed, Targets]:
    """Parses a SignedTargetsMetadata message and the targets metadata in it."""
    signed = parse_signed(TARGETS, data)
    return signed, parse_targets(signed.serialized)


def stated_role(serialized: bytes) -> str | None:
    """Returns the role that metadata states in its bytes; None if it states none."""
    for outer in wire.fields(serialized, 0, len(serialized)):
        if (outer.number, outer.wire_type) == (1, wire.LENGTH_DELIMITED):
            for field in wire.fields(serialized, outer.start, outer.end):
                if (field.number, field.wire_type) == (4, wire.LENGTH_DELIMITED):
                    return serialized[field.start : field.end].decode(errors="replace")
    return None


def parse_root(serialized: bytes) -> Root:
    """Parses the signed bytes of root metadata."""
    message = wire.read(
        serialized,
        0,
        len(serialized),
        messages.ROOT_METADATA,
        max_unknown=limits.MAX_UNKNOWN_ROOT_FIELDS,
    )
    _check_common(ROOT, message.common_metadata)
    problem = list_problem(message.allowed_targets)
    if problem:
        raise Refused(Verdict.MALFORMED, problem)
    return Root(
        serialized,
        message.common_metadata,
        tuple(ListedKey(key_id, *key) for key_id, key in message.keys),
        message.root,
        message.targets,
        message.allowed_targets,
        message.dev_keys,
    )


def parse_targets(serialized: bytes) -> Targets:
    """Parses the signed bytes of targets metadata."""
    message = wire.read(
        serialized,
        0,
        len(serialized),
        messages.TARGETS_METADATA,
        max_unknown=limits.MAX_UNKNOWN_TARGETS_FIELDS,
    )
    _check_common(TARGETS, message.common_metadata)
    return Targets(serialized, message.common_metadata, message.target_files)


def check_targets(data: bytes, start: int, end: int) -> None:
    """Checks the targets metadata data[start:end] as `parse_targets` does, and keeps nothing of them.

    The list of targets may take 60 times as much memory as it has bytes, so only signed metadata are parsed.
    """
    message = wire.read(
        data,
        start,
        end,
        messages.TARGETS_METADATA,
        max_unknown=limits.MAX_UNKNOWN_TARGETS_FIELDS,
        keep_lists=False,
    )
    _check_common(TARGETS, message.common_metadata)


def parse_manifest(data: bytes) -> Installed:
    """Parses the Manifest of a device: the release that it has installed."""
    manifest = wire.read(
        data, 0, len(data), messages.MANIFEST, max_unknown=limits.MAX_UNKNOWN_TARGETS_FIELDS
    )
    if len(manifest.targets_metadata) != 1:
        raise Refused(Verdict.MALFORMED, "needs one entry 'targets', as a device's manifest has")
    entry = manifest.targets_metadata[0]
    if entry.key != TARGETS:
        raise Refused(Verdict.MALFORMED, "has metadata other than 'targets'")
    if entry.value is None:
        targets = parse_targets(b"")
    else:
        message, start, end = entry.value
        _check_common(TARGETS, message.common_metadata)
        targets = Targets(data[start:end], message.common_metadata, message.target_files)
    release = None if manifest.user_manifest is None else parse_release(manifest.user_manifest)
    return Installed(targets, manifest.user_manifest, release, _root_id(manifest))


def _root_id(manifest: messages.Manifest) -> RootId | None:
    version, sha256 = manifest.root_version, manifest.root_sha256
    if version is None and sha256 is None:
        return None
    if not version or sha256 is None or len(sha256) != messages.SHA256_BYTES:
        raise Refused(
            Verdict.MALFORMED,
            "root_version and root_sha256 need a version of at least 1 and 32 bytes, or neither",
        )
    return RootId(version, sha256)


def _check_common(role: str, common: CommonMetadata) -> None:
    if common.expires is not None:
        seconds, nanos = common.expires
        if not (_MIN_SECONDS <= seconds <= _MAX_SECONDS and 0 <= nanos < 1_000_000_000):
            raise Refused(Verdict.MALFORMED, "expires is not a date between the years 1 and 9999")
    if common.role != role:
        found = "no role" if common.role is None else f"the role '{shown(common.role)}'"
        raise Refused(Verdict.WRONG_ROLE, f"has {found} and must have '{role}'")
    if not _READABLE_SPEC_VERSION.fullmatch(common.spec_version):
        raise Refused(
            Verdict.UNSUPPORTED_SPEC_VERSION,
            f"spec_version '{shown(common.spec_version)}' is neither 0.0.1 nor 1.x.y",
        )
    if common.version < 1:
        raise Refused(Verdict.INVALID_VERSION, "version 0; a version is at least 1")
