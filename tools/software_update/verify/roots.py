"""Decides which root is in force (TUF specification 1.0.34, 5.3). Pure.

A device moves from its root to the root of a bundle, through the chain of roots between them. Each one is
signed by a threshold of the keys of the one before it, and of its own.
"""

from collections.abc import Sequence
from typing import NamedTuple

from software_update.base.errors import short_id
from software_update.format import metadata
from software_update.format.messages import CommonMetadata
from software_update.format.metadata import ROOT, Root
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.public_key import key_id
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.verify.device import Device
from software_update.verify.quorum import Quorum, check_threshold, quorum, role_keys


class TrustedRoot(NamedTuple):
    """The root in force. Only `verify_roots` makes one.

    `roots` are the roots from the device's own to the one in force, both included. `signed` is the signed
    root that the device moves to, as it is in the bundle; None if the device keeps its root.
    """

    roots: tuple[Root, ...]
    signed: bytes | None

    @property
    def root(self) -> Root:
        """The root in force."""
        return self.roots[-1]

    @property
    def dev_keys(self) -> bool:
        """Says whether anyone can sign by a root on the way to the one in force."""
        return any(root.is_dev for root in self.roots)


def trust_root(data: bytes, schemes: Schemes = DEFAULT_SCHEMES) -> Root:
    """Returns the trust anchor in the content of a SignedRootMetadata file.

    It is taken as it is if its form and keys are good. Its thresholds are checked when they are used.
    """
    _, root = metadata.parse_signed_root(data)
    check_keys(root, schemes)
    return root


def verify_roots(device: Device, chain: Sequence[bytes], incoming: bytes | None) -> TrustedRoot:
    """Follows `chain` from the device's root to `incoming`, the signed root in a bundle (5.3).

    Without `incoming`, the device keeps its root. Roots of the chain that the device has passed are left
    out.
    """
    roots = [device.root]
    if chain and incoming is None:
        raise Refused(
            Verdict.MISSING_ROLE_METADATA,
            "is missing, but a chain of roots leads to it",
            role=ROOT,
            subject="root metadata",
        )
    for index, data in enumerate(chain):
        # Roots that the device has passed may only be at the chain's start.
        may_be_passed = roots[-1] is device.root
        subject = f"root {index + 1} of the chain"
        root = _verify_root(roots[-1], data, subject, may_be_passed, device.schemes)
        if root is not roots[-1]:
            roots.append(root)
    if incoming is not None:
        root = _verify_root(roots[-1], incoming, "root metadata", False, device.schemes)
        roots.append(root)
    # 5.3.10: a freeze attack. Roots before the last one may have expired.
    if is_expired(roots[-1].common, device.at):
        raise Refused(
            Verdict.ROOT_EXPIRED,
            f"version {roots[-1].common.version} has expired",
            role=ROOT,
            subject="root metadata",
        )
    moved = roots[-1].common.version > device.root.common.version
    return TrustedRoot(tuple(roots), incoming if moved else None)


def check_root(data: bytes, schemes: Schemes = DEFAULT_SCHEMES) -> tuple[Root, Quorum]:
    """Returns the root in `data`, checked by itself, and which of its own keys have signed it (5.3.4).

    Accepts too few signatures: others may still sign.
    """
    signed, root = metadata.parse_signed_root(data)
    check_keys(root, schemes)
    by_itself = quorum(signed, root, root.root, "its own")
    role_keys(root, root.targets, "its targets")
    return root, by_itself


def check_successor(
    previous: Root, data: bytes, schemes: Schemes = DEFAULT_SCHEMES
) -> tuple[Root, Quorum, Quorum]:
    """As `check_root`, for the root after `previous`, whose signatures it also counts (5.3.4, 5.3.5).

    Returns the root, the quorum of `previous`, and the quorum of its own keys.
    """
    root, by_itself = check_root(data, schemes)
    signed = metadata.parse_signed(ROOT, data)
    by_previous = quorum(signed, previous, previous.root, "the previous root's")
    _check_root_version(previous, root)
    if root.common.version == previous.common.version:
        raise Refused(
            Verdict.ROOT_ROLLBACK, f"version {root.common.version} is the previous root itself"
        )
    return root, by_previous, by_itself


def _verify_root(
    trusted: Root, data: bytes, subject: str, may_be_passed: bool, schemes: Schemes
) -> Root:
    """Checks the root in `data` as the successor of `trusted`, or as `trusted` itself (5.3.3 to 5.3.6).

    Returns `trusted` again if the root is older and `may_be_passed`.
    """
    try:
        signed, root = metadata.parse_signed_root(data)
        check_keys(root, schemes)
        if may_be_passed and root.common.version < trusted.common.version:
            return trusted
        # 5.3.4: an arbitrary software attack. Both thresholds, the trusted root's and its own.
        check_threshold(signed, trusted, trusted.root, "the trusted root's")
        check_threshold(signed, root, root.root, "its own")
        role_keys(root, root.targets, "its targets")
        # 5.3.5: a rollback attack.
        _check_root_version(trusted, root)
    except Refused as refused:
        raise refused.about(ROOT, subject) from None
    return root


def _check_root_version(trusted: Root, root: Root) -> None:
    old, new = trusted.common.version, root.common.version
    if new < old:
        raise Refused(Verdict.ROOT_ROLLBACK, f"version {new}, the trusted root has {old}")
    if new > old + 1:
        raise Refused(
            Verdict.ROOT_VERSION_GAP, f"version {new} after {old}; the roots between are missing"
        )
    if new == old and root.serialized != trusted.serialized:
        raise Refused(Verdict.ROOT_MIX_UP, f"version {new} differs from the trusted root of {old}")


def check_keys(root: Root, schemes: Schemes) -> None:
    """Checks that each key is of one of `schemes`, is listed once, and is in one role only."""
    seen: set[bytes] = set()
    for key in root.keys:
        name = f"key {short_id(key.key_id)}"
        if max(key.key_type, key.scheme) > 255 or key.key_id != key_id(
            key.key_type, key.scheme, key.keyval
        ):
            raise Refused(Verdict.KEY_ID_MISMATCH, f"{name}: its id is not the hash of the key")
        scheme = schemes.find(key.key_type, key.scheme)
        if scheme is None or not scheme.has_key_length(key.keyval):
            raise Refused(Verdict.KEY_TYPE_MISMATCH, f"{name} is not {schemes.kinds}")
        if not scheme.is_key(key.keyval):
            raise Refused(Verdict.INVALID_KEY, f"{name} {scheme.faulty_key}")
        if key.key_id in seen:
            raise Refused(Verdict.INVALID_KEY, f"{name} is listed twice")
        seen.add(key.key_id)
    in_root = {found: root_id for root_id, found in root.identities(root.root).items()}
    for targets_id, found in sorted(root.identities(root.targets).items()):
        if found in in_root:
            raise Refused(Verdict.SHARED_KEY, _shared(targets_id, in_root[found]))


def _shared(targets_id: bytes, root_id: bytes) -> str:
    name = f"key {short_id(targets_id)}"
    if targets_id == root_id:
        return f"{name} is in both roles, root and targets"
    return f"{name} of the role targets mirrors key {short_id(root_id)} of the role root"


def is_expired(common: CommonMetadata, at: int | None) -> bool:
    """Returns whether metadata have expired at the time `at`, in seconds since 1970. Never if it is None."""
    return at is not None and common.expires is not None and common.expires <= (at, 0)
