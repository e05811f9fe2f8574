"""The device's checks, pure: bytes, digests and a time in; a new trusted state or one Refused out.

It follows TUF's client workflow (specification 1.0.34, section 5) for a bundle, whose snapshot and
timestamp roles are absent. Clauses are named where they are checked. No I/O and no clock here.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from software_update import limits, metadata
from software_update.errors import Refused, Verdict, printable
from software_update.keys import (
    ECDSA_P256_KEY_TYPE,
    ECDSA_P256_SCHEME,
    KEYVAL_BYTES,
    SIGNATURE_BYTES,
    PublicKey,
    key_id,
)
from software_update.metadata import ROOT, TARGETS, Role, Root, Signed, Targets
from software_update.names import clash, name_problem


class Payload(Protocol):
    """A payload whose digest has been computed. All that the verifier sees of it."""

    @property
    def name(self) -> str: ...
    @property
    def length(self) -> int: ...
    @property
    def sha256(self) -> bytes: ...


@dataclasses.dataclass(frozen=True)
class Release:
    """A release whose metadata is trusted. `signers` are the raw key ids of the good signatures."""

    root: Root
    targets: Targets
    signers: tuple[bytes, ...]


def trust_root(data: bytes) -> Root:
    """The trust anchor from a SignedRootMetadata file: taken as it is, if its form and keys are good.

    Whether its thresholds can be met is checked when they are used.
    """
    signed = metadata.parse_signed(ROOT, data)
    root = metadata.parse_root(signed.serialized)
    _check_keys(root)
    return root


def verify_roots(
    trusted: Root, chain: Sequence[bytes], incoming: bytes | None, at: int | None
) -> Root:
    """The root to use: the trusted one moved along `chain` to `incoming`, if there is one (5.3).

    `at` is the time in seconds since 1970; None leaves expiry unchecked (5.3.10).
    """
    root = trusted
    if chain and incoming is None:
        raise Refused(
            Verdict.MISSING_ROLE_METADATA,
            "is missing, but a chain of roots leads to it",
            role=ROOT,
            subject="root metadata",
        )
    for index, data in enumerate(chain):
        root = _verify_root(root, data, f"root {index + 1} of the chain", passed_is_fine=True)
    if incoming is not None:
        root = _verify_root(root, incoming, "root metadata", passed_is_fine=False)
    if _expired(root.common, at):
        raise Refused(
            Verdict.ROOT_EXPIRED,
            f"version {root.common.version} has expired",
            role=ROOT,
            subject="root metadata",
        )
    return root


def verify_targets(
    root: Root, signed_targets: bytes | None, installed: Targets | None, at: int | None
) -> Release:
    """The release that `signed_targets` describes, checked against `root` and what is installed (5.6)."""
    subject = "targets metadata"
    if signed_targets is None:
        raise Refused(Verdict.MISSING_ROLE_METADATA, "is missing", role=TARGETS, subject=subject)
    try:
        signed = metadata.parse_signed(TARGETS, signed_targets)
        targets = metadata.parse_targets(signed.serialized)
        # 5.6.3: an arbitrary software attack.
        signers = _check_threshold(signed, root, root.targets, "the root's")
        # 5.6.5: a freeze attack.
        if _expired(targets.common, at):
            raise Refused(Verdict.TARGETS_EXPIRED, f"version {targets.common.version} has expired")
        # 5.6.4: a rollback attack.
        _check_against_installed(targets, installed)
        _check_list(targets)
    except Refused as refused:
        raise refused.about(TARGETS, subject) from None
    return Release(root, targets, signers)


def verify_payloads(
    release: Release, payloads: Sequence[Payload], installed: Targets | None
) -> None:
    """Checks that `payloads`, in the bundle's order, are what the release lists (5.7.2).

    A payload may be left out when the installed release has a target of the same name and content.
    """
    listed = {target.name: target for target in release.targets.targets}
    for payload in payloads:
        target = listed.get(payload.name)
        if target is None:
            continue
        if payload.length != target.length:
            raise _about_target(
                Verdict.LENGTH_MISMATCH,
                payload.name,
                f"{payload.length} bytes, the metadata lists {target.length}",
            )
        if payload.sha256 != metadata.sha256_of(target):
            raise _about_target(
                Verdict.HASH_MISMATCH, payload.name, "its SHA-256 is not the one in the metadata"
            )
    _check_complete(release, {payload.name for payload in payloads}, installed)


def _check_complete(release: Release, present: set[str], installed: Targets | None) -> None:
    on_device = {
        (each.name, each.length, each.hashes) for each in (installed.targets if installed else ())
    }
    for target in release.targets.targets:
        there = (target.name, target.length, target.hashes) in on_device
        if target.name not in present and not there:
            raise _about_target(
                Verdict.MISSING_PAYLOAD, target.name, "not in the bundle, nor installed"
            )
    for name in sorted(present - {target.name for target in release.targets.targets}):
        raise _about_target(
            Verdict.UNLISTED_PAYLOAD, name, "in the bundle, but the metadata does not list it"
        )


def _about_target(verdict: Verdict, name: str, detail: str) -> Refused:
    return Refused(verdict, detail, role=TARGETS, subject=f"target '{printable(name)}'")


# Roots


def _verify_root(trusted: Root, data: bytes, subject: str, *, passed_is_fine: bool) -> Root:
    """The root in `data`, as the successor of `trusted` or as `trusted` itself (5.3.3 to 5.3.6)."""
    try:
        signed = metadata.parse_signed(ROOT, data)
        root = metadata.parse_root(signed.serialized)
        _check_keys(root)
        if passed_is_fine and root.common.version < trusted.common.version:
            # The device has passed this link of the chain.
            return trusted
        # 5.3.4: an arbitrary software attack. Both thresholds, the trusted root's and its own.
        _check_threshold(signed, trusted, trusted.root, "the trusted root's")
        _check_threshold(signed, root, root.root, "its own")
        _role_keys(root, root.targets, "its targets")
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


def _check_keys(root: Root) -> None:
    """Every key is what it says it is, listed once, and in one role only."""
    if len(root.keys) > limits.MAX_KEYS:
        raise Refused(Verdict.TOO_LARGE, f"{len(root.keys)} keys; at most {limits.MAX_KEYS}")
    seen: set[bytes] = set()
    for key in root.keys:
        name = f"key {key.key_id.hex()[:16]}"
        if max(key.key_type, key.scheme) > 255 or key.key_id != key_id(
            key.key_type, key.scheme, key.keyval
        ):
            raise Refused(Verdict.KEY_ID_MISMATCH, f"{name}: its id is not the hash of the key")
        if (key.key_type, key.scheme) != (ECDSA_P256_KEY_TYPE, ECDSA_P256_SCHEME) or (
            len(key.keyval) != KEYVAL_BYTES
        ):
            raise Refused(Verdict.KEY_TYPE_MISMATCH, f"{name} is no ECDSA key on NIST P-256")
        if not PublicKey(key.keyval).is_on_curve():
            raise Refused(Verdict.INVALID_KEY, f"{name} is not a point on the curve")
        if key.key_id in seen:
            raise Refused(Verdict.INVALID_KEY, f"{name} is listed twice")
        seen.add(key.key_id)
    shared = set(root.root.key_ids) & set(root.targets.key_ids)
    if shared:
        raise Refused(
            Verdict.SHARED_KEY, f"key {min(shared).hex()[:16]} is in both roles, root and targets"
        )


# Signatures


def _check_threshold(signed: Signed, root: Root, role: Role, whose: str) -> tuple[bytes, ...]:
    """The signers, if at least `role.threshold` distinct keys of the role signed. Once for every role."""
    keys = _role_keys(root, role, whose)
    if len(signed.signatures) > limits.MAX_SIGNATURES:
        raise Refused(
            Verdict.TOO_LARGE,
            f"{len(signed.signatures)} signatures; at most {limits.MAX_SIGNATURES}",
        )
    good: set[bytes] = set()
    reasons: list[str] = []
    for signature, problem in _signature_problems(signed, keys):
        if problem is None:
            good.add(signature)
        else:
            reasons.append(f"{signature.hex()[:16]} {problem}")
    if len(good) < role.threshold:
        details = f" ({', '.join(reasons)})" if reasons else ""
        raise Refused(
            Verdict.THRESHOLD_NOT_MET,
            f"{len(good)} of {role.threshold} signatures that {whose} keys must give{details}",
        )
    return tuple(sorted(good))


def _signature_problems(
    signed: Signed, keys: Mapping[bytes, PublicKey]
) -> Iterator[tuple[bytes, str | None]]:
    """Each signature's key id, and why it does not count; None when it does."""
    counted: set[bytes] = set()
    for signature in signed.signatures:
        key = keys.get(signature.key_id)
        problem = None
        if key is None:
            problem = "unknown key"
        elif signature.key_id in counted:
            problem = "repeated"
        elif len(signature.value) != SIGNATURE_BYTES:
            problem = f"bad signature of {len(signature.value)} bytes"
        elif not key.verifies(signature.value, signed.serialized):
            problem = "bad signature"
        else:
            counted.add(signature.key_id)
        yield signature.key_id, problem


def _role_keys(root: Root, role: Role, whose: str) -> dict[bytes, PublicKey]:
    """The role's keys by key id. The ids are hashes of the keys, so distinct ids are distinct keys."""
    if len(role.key_ids) > limits.MAX_KEYS:
        raise Refused(Verdict.TOO_LARGE, f"{len(role.key_ids)} keys in a role")
    listed = {key.key_id: PublicKey(key.keyval) for key in root.keys}
    if len(set(role.key_ids)) != len(role.key_ids):
        raise Refused(Verdict.THRESHOLD_INVALID, f"{whose} role lists a key twice")
    if not set(role.key_ids) <= set(listed):
        raise Refused(Verdict.THRESHOLD_INVALID, f"{whose} role names a key that is not there")
    if not 1 <= role.threshold <= len(role.key_ids):
        raise Refused(
            Verdict.THRESHOLD_INVALID,
            f"{whose} threshold is {role.threshold} of {len(role.key_ids)} keys",
        )
    return {each: listed[each] for each in role.key_ids}


# Targets


def _check_against_installed(targets: Targets, installed: Targets | None) -> None:
    if installed is None:
        return
    old, new = installed.common.version, targets.common.version
    if new < old:
        raise Refused(Verdict.TARGETS_ROLLBACK, f"version {new}, version {old} is installed")
    if new == old and targets.serialized != installed.serialized:
        raise Refused(Verdict.TARGETS_MIX_UP, f"version {new} is installed with other content")


def _check_list(targets: Targets) -> None:
    """The list of targets: some, safe names, no name twice, a usable hash each."""
    if not targets.targets:
        raise Refused(Verdict.NO_TARGETS, "lists no targets")
    if len(targets.targets) > limits.MAX_TARGETS:
        raise Refused(
            Verdict.TOO_LARGE, f"{len(targets.targets)} targets; at most {limits.MAX_TARGETS}"
        )
    for target in targets.targets:
        problem = name_problem(target.name)
        if problem:
            raise _about_target(Verdict.UNSAFE_NAME, target.name, f"the name {problem}")
    twice = clash(target.name for target in targets.targets)
    if twice:
        detail = (
            "listed twice" if twice[0] == twice[1] else f"differs from '{twice[0]}' only in case"
        )
        raise _about_target(Verdict.DUPLICATE_TARGET, twice[1], detail)
    for target in targets.targets:
        metadata.sha256_of(target)


def _expired(common: metadata.Common, at: int | None) -> bool:
    return at is not None and common.expires is not None and common.expires <= (at, 0)
