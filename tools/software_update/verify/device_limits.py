"""Compares a bundle with the limits of a device. Pure.

The device library counts in the same way, and takes no bundle beyond its limits. It reads each byte once,
as it arrives, so it also needs a certain order of the parts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from software_update.base import strict_json
from software_update.base.errors import SoftwareUpdateError
from software_update.bundle import envelope
from software_update.bundle.envelope import Payload
from software_update.format import metadata, wire
from software_update.format.device_limits import DeviceLimits
from software_update.format.messages import COMPRESSION_ALGORITHMS, SHA256_BYTES, Role, Signature
from software_update.format.metadata import Root, Signed, Targets
from software_update.format.names import USER_MANIFEST
from software_update.format.release_manifest import (
    Advisory,
    ReleaseManifest,
    ReleaseTexts,
    parse_release,
)
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


class Parts(NamedTuple):
    """The parts of a bundle that decide, as they are in it.

    Metadata are signed. `root` is None if the bundle has none. `user_manifest` is the content of that
    target, None without one.
    """

    root_chain: Sequence[bytes]
    root: bytes | None
    targets: bytes
    user_manifest: bytes | None


def needed_limits(signed_trusted: bytes, bundle: Parts) -> DeviceLimits:
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
        release_keys=_release_keys(bundle.user_manifest),
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


def _release_keys(user_manifest: bytes | None) -> int:
    """Returns the number of keys of a release manifest that the device's reader remembers at a time.

    It remembers keys of objects that have not ended, except for the known ones, to find duplicates.
    """
    if user_manifest is None or parse_release(user_manifest) is None:
        return 0
    return _keys_of(strict_json.parse(user_manifest), _KNOWN_KEYS)


def _keys_of(value: Any, known: Mapping[str, Any]) -> int:
    if isinstance(value, list):
        return max((_keys_of(each, known) for each in value), default=0)
    if not isinstance(value, dict):
        return 0
    remembered = most = 0
    for key, inner in value.items():
        remembered += key not in known
        most = max(most, remembered + _keys_of(inner, known.get(key, known.get(_ANY, {}))))
    return most


def order_problem(
    needed: DeviceLimits, fields: Iterable[tuple[int, int, int]], payloads: Sequence[Payload]
) -> list[str]:
    """Returns what is wrong with the order of a bundle for a device; empty if nothing is.

    `fields` are those of the bundle: number, start and end of the content.
    """
    found = list(fields)
    # The place of a root that changes nothing does not matter.
    changes = needed.roots or needed.root_bytes or needed.allowed_targets
    places = [
        _ORDER.index(number) for number, _, _ in found if changes or number != envelope.ROOT_FIELD
    ]
    ends = [end for number, _, end in found if number == envelope.PAYLOAD_FIELD]
    problems = []
    if places != sorted(places):
        problems.append("its parts are not in the order chain, root, targets metadata, payloads")
    if any(each.offset + each.length != end for each, end in zip(payloads, ends, strict=True)):
        problems.append("the name of a payload follows the payload")
    return problems


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


# The keys of a release manifest, and of the objects in it. The keys of texts are languages.
_ANY = "*"
_KNOWN_KEYS: dict[str, Any] = {
    **{key: {} for key in set(ReleaseManifest._fields) - {"counter", "minimum_counter"}},
    **{key: {} for key in ("schema", "release_counter", "minimum_release_counter")},
    "advisories": {key: {} for key in Advisory._fields},
    "texts": {_ANY: {key: {} for key in set(ReleaseTexts._fields) - {"language"}}},
}

_COUNTED = {
    "keys": ("key in a root", "keys in a root"),
    "signatures": ("signature of a role", "signatures of a role"),
    "targets": ("target", "targets"),
    "roots": ("root in the chain", "roots in the chain"),
    "allowed_targets": ("allowed target of a root", "allowed targets of a root"),
    "name_bytes": ("byte in a target name", "bytes in a target name"),
    "verifications": ("signature to verify", "signatures to verify"),
    "root_bytes": ("byte of new roots", "bytes of new roots"),
    "release_keys": ("key of the release manifest", "keys of the release manifest"),
}
