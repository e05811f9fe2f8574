"""Encodes metadata and bundles byte by byte, without the code under test, so that odd ones can be made.

A message is the bytes of its fields, one after the other: `text(1, "a") + number(2, 7)`.
"""

import hashlib
from collections.abc import Iterable, Sequence

from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, key_id, signer


def varint(value: int) -> bytes:
    """A base-128 varint, in its shortest form."""
    if value < 128:
        return bytes([value])
    return bytes([value % 128 + 128]) + varint(value // 128)


def number(field: int, value: int) -> bytes:
    """A varint field."""
    return varint(field * 8) + varint(value)


def blob(field: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return varint(field * 8 + 2) + varint(len(content)) + content


def text(field: int, content: str) -> bytes:
    """A string field."""
    return blob(field, content.encode())


# Metadata


def common(
    role: str | None,
    version: int | None = 1,
    *,
    spec: str = "1.0.0",
    expires: int | None = None,
    nanos: int = 0,
) -> bytes:
    """CommonMetadata. None leaves a field out."""
    message = text(1, spec)
    if version is not None:
        message += number(2, version)
    if expires is not None:
        message += blob(3, number(1, expires) + (number(2, nanos) if nanos else b""))
    return message + (text(4, role) if role is not None else b"")


def key(
    signer_number: int, *, key_type: int = 3, scheme: int = 3, id_: bytes | None = None
) -> bytes:
    """KeyMapping of a signer's key; the id fits its type and scheme unless another one is given."""
    return key_of(signer(signer_number).public.keyval, key_type=key_type, scheme=scheme, id_=id_)


def key_of(keyval: bytes, *, key_type: int = 3, scheme: int = 3, id_: bytes | None = None) -> bytes:
    """KeyMapping of any keyval."""
    fitting = hashlib.sha256(bytes([key_type % 256, scheme % 256]) + keyval).digest()
    return blob(1, id_ or fitting) + blob(
        2, number(1, key_type) + number(2, scheme) + blob(3, keyval)
    )


def role(key_ids: Iterable[bytes], threshold: int = 1) -> bytes:
    """SignatureRequirement."""
    return b"".join(blob(1, each) for each in key_ids) + number(2, threshold)


def root(
    version: int = 1,
    root_keys: Sequence[int] = (ROOT_KEY,),
    targets_keys: Sequence[int] = (TARGETS_KEY,),
    root_threshold: int = 1,
    targets_threshold: int = 1,
    expires: int | None = None,
) -> bytes:
    """RootMetadata of signers' keys."""
    return root_of(
        common("root", version, expires=expires),
        [key(each) for each in (*root_keys, *targets_keys)],
        role(map(key_id, root_keys), root_threshold),
        role(map(key_id, targets_keys), targets_threshold),
    )


def root_of(common_: bytes, keys: Iterable[bytes], root_role: bytes, targets_role: bytes) -> bytes:
    """RootMetadata of any parts."""
    return (
        blob(1, common_)
        + b"".join(blob(3, each) for each in keys)
        + blob(4, root_role)
        + blob(7, targets_role)
    )


def target(name: str, content: bytes) -> bytes:
    """TargetFile with the length and SHA-256 of its content."""
    return target_of(name, len(content), [(1, hashlib.sha256(content).digest())])


def target_of(name: str, length: int, hashes: Iterable[tuple[int, bytes]]) -> bytes:
    """TargetFile of any parts; hashes are (function, digest)."""
    message = text(1, name) + number(2, length)
    for function, digest in hashes:
        message += blob(3, number(1, function) + blob(2, digest))
    return message


def targets(
    contents: dict[str, bytes], version: int = 1, expires: int | None = None, nanos: int = 0
) -> bytes:
    """TargetsMetadata of target names and contents."""
    return targets_of(
        common("targets", version, expires=expires, nanos=nanos),
        [target(name, content) for name, content in contents.items()],
    )


def targets_of(common_: bytes, files: Iterable[bytes]) -> bytes:
    """TargetsMetadata of any parts."""
    return blob(1, common_) + b"".join(blob(2, each) for each in files)


def signature(content: bytes, signer_number: int) -> bytes:
    """Signature by a signer."""
    return blob(1, key_id(signer_number)) + blob(2, signer(signer_number).sign(content))


def signed(content: bytes, *signers: int) -> bytes:
    """Signed...Metadata: every role's has the same fields."""
    return signed_of(content, [signature(content, each) for each in signers])


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


def payloads(contents: dict[str, bytes]) -> bytes:
    """UpdateBundle.target_payloads, sorted by name."""
    return b"".join(payload(name, contents[name]) for name in sorted(contents))


def root_entry(signed_root: bytes) -> bytes:
    """UpdateBundle.root_metadata."""
    return blob(5, signed_root)


def chain(*signed_roots: bytes) -> bytes:
    """UpdateBundle.root_chain."""
    return b"".join(blob(65, each) for each in signed_roots)


def bundle(
    contents: dict[str, bytes],
    *,
    version: int = 1,
    expires: int | None = None,
    signed_root: bytes | None = None,
    signers: Sequence[int] = (TARGETS_KEY,),
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
        message += number(65, root[0]) + blob(66, hashlib.sha256(root[1]).digest())
    return message
