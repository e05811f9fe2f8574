"""Compares a bundle with the limits of a device. Pure.

The device library counts in the same way, and takes no bundle beyond its limits. It reads each byte once,
as it arrives, so it also needs a certain order of the parts.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from software_update.base.errors import SoftwareUpdateError
from software_update.bundle import envelope
from software_update.format import metadata, wire
from software_update.format.device_limits import DeviceLimits
from software_update.format.messages import COMPRESSION_ALGORITHMS, SHA256_BYTES, Role, Signature
from software_update.format.metadata import Root, Signed, Targets
from software_update.format.names import USER_MANIFEST
from software_update.keys.schemes import ECDSA_P256
from software_update.verify.quorum import public_keys

_ORDER = (
    envelope.ROOT_CHAIN_FIELD,
    envelope.ROOT_FIELD,
    envelope.TARGETS_FIELD,
    envelope.PAYLOAD_FIELD,
)


class BeyondDevice(SoftwareUpdateError):
    """A bundle that a device with its limits does not take."""

    exit_code = 1


class SignedMetadata(NamedTuple):
    """The metadata of a bundle as they are in it: signed. `root` is None if it has none."""

    root_chain: Sequence[bytes]
    root: bytes | None
    targets: bytes


def needed_limits(signed_trusted: bytes, bundle: SignedMetadata) -> DeviceLimits:
    """Returns the least limits with which a device that trusts the root `signed_trusted` takes a bundle.

    Expects metadata that such a device accepts. Raises Refused for a bad form.
    """
    trusted = metadata.parse_signed_root(signed_trusted)
    signed_roots = [*bundle.root_chain, *([] if bundle.root is None else [bundle.root])]
    roots = [metadata.parse_signed_root(each) for each in signed_roots]
    signed_targets, targets = metadata.parse_signed_targets(bundle.targets)
    all_roots = [trusted, *roots]
    kept = [
        wire.encode_field(envelope.ROOT_CHAIN_FIELD, data)
        for data, (_, root) in zip(signed_roots, roots, strict=True)
        if root.common.version > trusted[1].common.version
    ]
    return DeviceLimits(
        keys=max(len(root.keys) for _, root in all_roots),
        signatures=max(
            len(_usable(signed))
            for signed in (signed_targets, *(signed for signed, _ in all_roots))
        ),
        targets=len(targets.targets),
        roots=len(bundle.root_chain),
        allowed_targets=max(len(root.allowed_targets) for _, root in all_roots),
        name_bytes=max((len(each.name.encode()) for each in targets.targets), default=0),
        verifications=_verifications(trusted[1], roots, signed_targets),
        root_bytes=sum(map(len, kept)),
        release_manifest=any(each.name == USER_MANIFEST for each in targets.targets),
        compression=_algorithms(targets),
    )


def _usable(signed: Signed) -> list[Signature]:
    """Returns the signatures that have the form of one by ECDSA on P-256. The device ignores others."""
    return [
        each
        for each in signed.signatures
        if len(each.key_id) == SHA256_BYTES and len(each.value) == ECDSA_P256.signature_bytes
    ]


def _algorithms(targets: Targets) -> tuple[str, ...]:
    used = {each.compression.algorithm for each in targets.targets if each.compression}
    return tuple(sorted(COMPRESSION_ALGORITHMS.get(each, "unknown") for each in used))


def _verifications(trusted: Root, roots: Iterable[tuple[Signed, Root]], targets: Signed) -> int:
    """Returns the number of signatures that a device verifies.

    It verifies a signature at most once, and stops when a threshold of a role's keys have signed.
    """
    count = 0
    for signed, root in roots:
        if root.common.version >= trusted.common.version:
            by_trusted = set(_verified(signed, trusted, trusted.root))
            count += len(by_trusted.union(_verified(signed, root, root.root)))
            trusted = root
    return count + len(set(_verified(targets, trusted, trusted.targets)))


def _verified(signed: Signed, root: Root, role: Role) -> Iterator[int]:
    """Yields the index of each signature that the device verifies for a role."""
    keys = public_keys(root)
    signers = 0
    for listed in root.keys:
        if listed.key_id not in role.key_ids or signers == role.threshold:
            continue
        for index, signature in enumerate(_usable(signed)):
            if signature.key_id == listed.key_id:
                yield index
                if keys[listed.key_id].verifies_message(signature.value, signed.message):
                    signers += 1
                    break


def order_problem(fields: Iterable[tuple[int, int, int]]) -> list[str]:
    """Returns what is wrong with the order of a bundle's fields for a device; empty if nothing is."""
    places = [_ORDER.index(number) for number, _, _ in fields]
    if all(places[index] <= places[index + 1] for index in range(len(places) - 1)):
        return []
    return ["the order of its parts, not chain of roots, root, targets metadata, payloads"]


def beyond(needed: DeviceLimits, limits: DeviceLimits) -> list[str]:
    """Returns the limits that `needed` exceeds, each as a text such as `9 targets, at most 8`."""
    found = []
    for name, (one, many) in _COUNTED.items():
        count, most = getattr(needed, name), getattr(limits, name)
        if count > most:
            found.append(f"{count} {one if count == 1 else many}, at most {most}")
    if needed.release_manifest and not limits.release_manifest:
        found.append("a user_manifest, which the device does not read")
    missing = [each for each in needed.compression if each not in limits.compression]
    if missing:
        found.append(f"compression {', '.join(missing)}, which the device does not have")
    return found


def beyond_text(found: Iterable[str], limits_path: str) -> str:
    """Returns the error about limits that a bundle exceeds, without the bundle's path."""
    return (
        f"beyond the device's limits: {'; '.join(found)}; make the release smaller, or raise the limits "
        f"in {limits_path} if the device has room"
    )


_COUNTED = {
    "keys": ("key in a root", "keys in a root"),
    "signatures": ("signature of a role", "signatures of a role"),
    "targets": ("target", "targets"),
    "roots": ("root in the chain", "roots in the chain"),
    "allowed_targets": ("allowed target of a root", "allowed targets of a root"),
    "name_bytes": ("byte in a target name", "bytes in a target name"),
    "verifications": ("signature to verify", "signatures to verify"),
    "root_bytes": ("byte of new roots", "bytes of new roots"),
}
