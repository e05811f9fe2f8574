"""The device's checks, pure: bytes, digests and a time in; a new trusted state or one Refused out.

It follows TUF's client workflow (specification 1.0.34, section 5) for a bundle, whose snapshot and
timestamp roles are absent. Clauses are named where they are checked. No I/O and no clock here.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from software_update.base.errors import shown, shown_list
from software_update.format import limits, metadata
from software_update.format.messages import SHA256, CommonMetadata, Role, Target
from software_update.format.metadata import (
    ROOT,
    TARGETS,
    Installed,
    Root,
    Signed,
    Targets,
    UnparsedSigned,
)
from software_update.format.names import USER_MANIFEST, clash, name_problem
from software_update.format.release_manifest import ReleaseManifest, parse_release
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.public_key import PublicKey, key_id
from software_update.keys.schemes import ALL_SCHEMES, DEFAULT_SCHEMES, Schemes
from software_update.verify.recovery import FormerRoot, versions_start_again


class SizedPayload(Protocol):
    """A payload that may not have been read yet."""

    @property
    def name(self) -> str: ...
    @property
    def length(self) -> int: ...


class Payload(SizedPayload, Protocol):
    """A payload whose digest has been computed. The verifier sees nothing else of it."""

    @property
    def sha256(self) -> bytes: ...


class Device(NamedTuple):
    """The knowledge of a device before it reads a bundle. None: unknown, and not checked.

    `at` is the time in seconds since 1970. `installed_root` is a root that the installed release may
    have been accepted under. `schemes` are the signature schemes that it implements.
    """

    root: Root
    installed: Installed | None = None
    hardware_id: str | None = None
    at: int | None = None
    installed_root: Root | None = None
    schemes: Schemes = DEFAULT_SCHEMES


class VerifiedRelease(NamedTuple):
    """A release whose metadata is trusted.

    `roots` are the roots from the trusted one to the one in force, both included.
    `signers` are the raw key ids of the good signatures of its targets metadata; `uncounted` tells of
    the others, in words. `manifest` is its release manifest, None where it has none. `former` is the
    root under which the installed release was accepted, None if nothing is installed. `signed_root` is
    the signed root that the device moves to, as it is in the bundle; None if the device keeps its root.
    """

    roots: tuple[Root, ...]
    targets: Targets
    signers: tuple[bytes, ...]
    uncounted: tuple[str, ...]
    user_manifest: bytes | None
    manifest: ReleaseManifest | None
    former: FormerRoot | None = None
    signed_root: bytes | None = None

    @property
    def root(self) -> Root:
        """The root in force."""
        return self.roots[-1]

    @property
    def dev_keys(self) -> bool:
        """Says whether anyone can sign by a root on the way to the one in force."""
        return any(root.is_dev for root in self.roots)


class Quorum(NamedTuple):
    """Which of a role's keys have signed, by raw key id. `uncounted`: other signatures' key ids, and why."""

    threshold: int
    signers: tuple[bytes, ...]
    missing: tuple[bytes, ...]
    uncounted: tuple[tuple[bytes, str], ...]

    @property
    def met(self) -> bool:
        """Returns whether enough of them signed."""
        return len(self.signers) >= self.threshold


def trust_root(data: bytes, schemes: Schemes = DEFAULT_SCHEMES) -> Root:
    """The trust anchor from a SignedRootMetadata file: taken as it is, if its form and keys are good.

    Whether its thresholds can be met is checked when they are used.
    """
    signed = metadata.parse_signed(ROOT, data)
    root = metadata.parse_root(signed.serialized)
    check_keys(root, schemes)
    return root


def verify_roots(
    device: Device, chain: Sequence[bytes], incoming: bytes | None
) -> tuple[Root, ...]:
    """Returns the roots from the trusted one along `chain` to `incoming`, if there is one (5.3).

    The last one is in force. Roots that the device has passed are left out.
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
    # 5.3.10: a freeze attack. Those before the last one may have expired.
    if _expired(roots[-1].common, device.at):
        raise Refused(
            Verdict.ROOT_EXPIRED,
            f"version {roots[-1].common.version} has expired",
            role=ROOT,
            subject="root metadata",
        )
    return tuple(roots)


def check_root(data: bytes, schemes: Schemes = DEFAULT_SCHEMES) -> tuple[Root, Quorum]:
    """The root in `data`, good in itself, and who of its own keys has signed it (5.3.4).

    Too few signatures are not refused here: others may still sign.
    """
    signed = metadata.parse_signed(ROOT, data)
    root = metadata.parse_root(signed.serialized)
    check_keys(root, schemes)
    by_itself = quorum(signed, root, root.root, "its own")
    _role_keys(root, root.targets, "its targets")
    return root, by_itself


def check_successor(
    previous: Root, data: bytes, schemes: Schemes = DEFAULT_SCHEMES
) -> tuple[Root, Quorum, Quorum]:
    """As `check_root`, of the root after `previous`, and who of that has signed it (5.3.4, 5.3.5)."""
    root, by_itself = check_root(data, schemes)
    signed = metadata.parse_signed(ROOT, data)
    by_previous = quorum(signed, previous, previous.root, "the previous root's")
    _check_root_version(previous, root)
    if root.common.version == previous.common.version:
        raise Refused(
            Verdict.ROOT_ROLLBACK, f"version {root.common.version} is the previous root itself"
        )
    return root, by_previous, by_itself


def verify_targets(
    device: Device,
    roots: Sequence[Root],
    signed_targets: bytes | None,
    user_manifest: bytes | None,
    former: FormerRoot | None = None,
) -> VerifiedRelease:
    """The release that `signed_targets` describes, checked against `roots` and what is installed (5.6).

    `roots` are what `verify_roots` returned; the last one says who signs.
    `user_manifest` is that payload in the bundle, None where there is none of at most
    `limits.MAX_USER_MANIFEST_BYTES`. `former` is the root under which the installed release was
    accepted; versions are always compared without it.
    """
    root, subject = roots[-1], "targets metadata"
    if signed_targets is None:
        raise Refused(Verdict.MISSING_ROLE_METADATA, "is missing", role=TARGETS, subject=subject)
    try:
        signed = metadata.find_signed(TARGETS, signed_targets)
        try:
            # 5.6.3: an arbitrary software attack.
            signers, uncounted = _check_threshold(signed, root, root.targets, "the root's")
        except Refused:
            # A fault in the form is reported before one in the signatures.
            metadata.check_targets(signed.data, signed.start, signed.end)
            raise
        # Parsing takes much memory. The metadata are signed, so the signers chose their size.
        targets = metadata.parse_targets(signed.serialized)
        # 5.6.5: a freeze attack.
        if _expired(targets.common, device.at):
            raise Refused(Verdict.TARGETS_EXPIRED, f"version {targets.common.version} has expired")
        # 5.6.4: a rollback attack.
        if not versions_start_again(former, root):
            _check_targets_version(targets, device.installed, former)
        content = listed_user_manifest(targets, user_manifest, device.installed)
        manifest = None if content is None else parse_release(content)
        if content is not None or not _user_manifests(targets):
            _check_release(manifest, device)
        _check_list(targets)
    except Refused as refused:
        raise refused.about(TARGETS, subject) from None
    return VerifiedRelease(tuple(roots), targets, signers, uncounted, content, manifest, former)


def not_checked(device: Device, release: VerifiedRelease) -> list[str]:
    """The questions that an ACCEPT of this release leaves open."""
    installed, manifest, former = device.installed, release.manifest, release.former
    left_out = {
        "expiry: no time was given": device.at is None,
        "rollback: no installed manifest was given": installed is None,
        f"rollback of the targets version: {_why_versions_start_again(release)}": (
            versions_start_again(former, release.root)
        ),
        f"root of the installed release: not stated; assumed: trusted root {device.root.common.version}": (
            former is not None and not former.stated
        ),
        "release counter: the release has no release manifest": (
            installed is not None and manifest is None
        ),
        "hardware: no hardware id was given": device.hardware_id is None,
        "hardware: the release does not say what it is for": (
            device.hardware_id is not None and not (manifest and manifest.hardware_ids)
        ),
    }
    return [what for what, applies in left_out.items() if applies]


def _why_versions_start_again(release: VerifiedRelease) -> str:
    if release.former is None or release.former.root is None:
        return ""
    former, threshold = release.former.id.version, release.former.root.targets.threshold
    return (
        f"root {release.root.common.version} removed targets keys of root {former}, "
        f"at least its threshold of {threshold}"
    )


def first_wrong_length(targets: Targets, payloads: Sequence[SizedPayload]) -> int:
    """Returns the index of the first payload that is not as long as `targets` lists it.

    Returns len(payloads) if there is none. No digest of that payload, or of one after it, changes the
    verdict.
    """
    listed = {target.name: target.length for target in targets.targets}
    for index, payload in enumerate(payloads):
        if payload.length != listed.get(payload.name, payload.length):
            return index
    return len(payloads)


def verify_payloads(device: Device, release: VerifiedRelease, payloads: Sequence[Payload]) -> None:
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
        if payload.sha256 != target.sha256:
            raise _about_target(
                Verdict.HASH_MISMATCH, payload.name, "its SHA-256 is not the one in the metadata"
            )
    _check_complete(release, {payload.name for payload in payloads}, device.installed)


def _check_complete(
    release: VerifiedRelease, present: set[str], installed: Installed | None
) -> None:
    on_device = _payloads_on(installed) if installed else set()
    for target in release.targets.targets:
        if target.name == USER_MANIFEST and release.user_manifest is not None:
            continue
        there = (target.name, target.length, target.sha256) in on_device
        if target.name not in present and not there:
            raise _about_target(
                Verdict.MISSING_PAYLOAD, target.name, "not in the bundle, nor installed"
            )
    for name in sorted(present - {target.name for target in release.targets.targets}):
        raise _about_target(
            Verdict.UNLISTED_PAYLOAD, name, "in the bundle, but the metadata does not list it"
        )


def _payloads_on(installed: Installed) -> set[tuple[str, int, bytes]]:
    """Name, length and SHA-256 of what the device has; its user_manifest is kept apart."""
    return {
        (each.name, each.length, digest)
        for each in installed.targets.targets
        for function, digest in each.hashes
        if function == SHA256 and each.name != USER_MANIFEST
    }


def _about_target(verdict: Verdict, name: str, detail: str) -> Refused:
    return Refused(verdict, detail, role=TARGETS, subject=f"target '{shown(name)}'")


# Roots


def _verify_root(
    trusted: Root, data: bytes, subject: str, may_be_passed: bool, schemes: Schemes
) -> Root:
    """The root in `data`, as the successor of `trusted` or as `trusted` itself (5.3.3 to 5.3.6).

    `trusted` again where it `may_be_passed`, and is older.
    """
    try:
        signed = metadata.parse_signed(ROOT, data)
        root = metadata.parse_root(signed.serialized)
        check_keys(root, schemes)
        if may_be_passed and root.common.version < trusted.common.version:
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


def check_keys(root: Root, schemes: Schemes) -> None:
    """Checks that each key is of one of `schemes`, is listed once, and is in one role only."""
    seen: set[bytes] = set()
    for key in root.keys:
        name = f"key {key.key_id.hex()[:16]}"
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
    name = f"key {targets_id.hex()[:16]}"
    if targets_id == root_id:
        return f"{name} is in both roles, root and targets"
    return f"{name} of the role targets mirrors key {root_id.hex()[:16]} of the role root"


def public_keys(root: Root) -> dict[bytes, PublicKey]:
    """Returns the keys of a root that `check_keys` accepted, by key id."""
    found = {}
    for key in root.keys:
        scheme = ALL_SCHEMES.find(key.key_type, key.scheme)
        if scheme is not None:
            found[key.key_id] = PublicKey(scheme, key.keyval)
    return found


# Signatures


def _check_threshold(
    signed: Signed | UnparsedSigned, root: Root, role: Role, whose: str
) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """The signers, and why other signatures do not count: at least `role.threshold` distinct keys signed.

    The same for every role.
    """
    found = quorum(signed, root, role, whose)
    reasons = tuple(f"{signer.hex()[:16]} {problem}" for signer, problem in found.uncounted)
    if not found.met:
        details = f" ({shown_list(reasons)})" if reasons else ""
        raise Refused(
            Verdict.THRESHOLD_NOT_MET,
            f"{len(found.signers)} of {role.threshold} signatures that {whose} keys must give{details}",
        )
    return found.signers, reasons


def quorum(signed: Signed | UnparsedSigned, root: Root, role: Role, whose: str) -> Quorum:
    """Returns which keys of `role` in `root` have signed. `whose` names the role in errors."""
    keys = _role_keys(root, role, whose)
    good: set[bytes] = set()
    uncounted: list[tuple[bytes, str]] = []
    for signer, problem in _signature_problems(signed, keys):
        if problem is None:
            good.add(signer)
        else:
            uncounted.append((signer, problem))
    missing = sorted(keys.keys() - good)
    return Quorum(role.threshold, tuple(sorted(good)), tuple(missing), tuple(uncounted))


def _signature_problems(
    signed: Signed | UnparsedSigned, keys: Mapping[bytes, PublicKey]
) -> Iterator[tuple[bytes, str | None]]:
    """Each signature's key id, and why it does not count; None when it does."""
    counted: set[bytes] = set()
    # Many signatures of 32 MiB share one digest.
    message = signed.message
    for signature in signed.signatures:
        key = keys.get(signature.key_id)
        problem = None
        if key is None:
            problem = "unknown key"
        elif signature.key_id in counted:
            problem = "repeated"
        elif len(signature.value) != key.scheme.signature_bytes:
            problem = f"bad signature of {len(signature.value)} bytes"
        elif not key.verifies_message(signature.value, message):
            problem = "bad signature"
        else:
            counted.add(signature.key_id)
        yield signature.key_id, problem


def _role_keys(root: Root, role: Role, whose: str) -> dict[bytes, PublicKey]:
    """Returns the role's keys by key id. No person can sign with two of them."""
    listed = public_keys(root)
    if len(set(role.key_ids)) != len(role.key_ids):
        raise Refused(Verdict.THRESHOLD_INVALID, f"{whose} role lists a key twice")
    if len(set(root.identities(role).values())) != len(role.key_ids):
        raise Refused(
            Verdict.THRESHOLD_INVALID,
            f"{whose} role lists a key and its mirrored key, which are one",
        )
    if not set(role.key_ids) <= set(listed):
        raise Refused(Verdict.THRESHOLD_INVALID, f"{whose} role names a key that is not there")
    if not 1 <= role.threshold <= len(role.key_ids):
        raise Refused(
            Verdict.THRESHOLD_INVALID,
            f"{whose} threshold is {role.threshold} of {len(role.key_ids)} keys",
        )
    return {each: listed[each] for each in role.key_ids}


# Targets


def check_targets(targets: Targets) -> None:
    """Refused if no device would accept these targets, whatever it has and however they are signed."""
    _check_list(targets)
    for target in _user_manifests(targets):
        _check_user_manifest_length(target)


def _check_targets_version(
    targets: Targets, installed: Installed | None, former: FormerRoot | None
) -> None:
    if installed is None:
        return
    old, new = installed.targets.common.version, targets.common.version
    if new < old:
        detail = f"version {new}, version {old} is installed{_missing_root(former)}"
        raise Refused(Verdict.TARGETS_ROLLBACK, detail)
    if new == old and targets.serialized != installed.targets.serialized:
        detail = f"version {new} is installed with other content{_missing_root(former)}"
        raise Refused(Verdict.TARGETS_MIX_UP, detail)


def _missing_root(former: FormerRoot | None) -> str:
    """Returns the reason for comparing the versions, if the former root is missing."""
    if former is None or former.root is not None:
        return ""
    version, sha256 = former.id
    return (
        f"; it was accepted under root {version} (SHA-256 {sha256.hex()[:16]}...), which is not at "
        "hand, so keys removed since do not count; name that root with --installed-root"
    )


def listed_user_manifest(
    targets: Targets, in_bundle: bytes | None, installed: Installed | None
) -> bytes | None:
    """The user_manifest as the metadata lists it, from the bundle or the device; None without it.

    One that is listed, and not there as listed, is for `verify_payloads` to refuse.
    """
    listed = _user_manifests(targets)
    if len(listed) != 1:
        return None
    _check_user_manifest_length(listed[0])
    for content in (in_bundle, installed.user_manifest if installed else None):
        if content is not None and _is_listed(content, listed[0]):
            return content
    return None


def _check_user_manifest_length(target: Target) -> None:
    if target.length > limits.MAX_USER_MANIFEST_BYTES:
        raise _about_target(
            Verdict.TOO_LARGE,
            USER_MANIFEST,
            f"{target.length} bytes; at most {limits.MAX_USER_MANIFEST_BYTES}",
        )


def _user_manifests(targets: Targets) -> list[Target]:
    return [each for each in targets.targets if each.name == USER_MANIFEST]


def _is_listed(content: bytes, target: Target) -> bool:
    digest = (SHA256, hashlib.sha256(content).digest())
    return target.length == len(content) and digest in target.hashes


def _check_release(release: ReleaseManifest | None, device: Device) -> None:
    """Checks that the device may install that release; None is a release without a manifest."""
    installed = device.installed.release if device.installed else None
    if installed:
        if release is None:
            raise Refused(
                Verdict.RELEASE_ROLLBACK, f"no release counter; {installed.counter} is installed"
            )
        if release.counter < installed.counter:
            raise Refused(
                Verdict.RELEASE_ROLLBACK,
                f"release counter {release.counter}; {installed.counter} is installed",
            )
    if release is None:
        return
    if device.installed and release.minimum_counter is not None:
        counter = installed.counter if installed else 0
        if counter < release.minimum_counter:
            raise Refused(
                Verdict.RELEASE_GAP,
                f"it needs release counter {release.minimum_counter} installed before, not {counter}",
            )
    hardware_id = device.hardware_id
    if hardware_id is not None and release.hardware_ids and hardware_id not in release.hardware_ids:
        raise Refused(
            Verdict.WRONG_HARDWARE,
            f"for {shown_list(release.hardware_ids)}, not for {shown(hardware_id)}",
        )


def _check_list(targets: Targets) -> None:
    """The list of targets: some, safe names, no name twice, a usable hash each."""
    if not targets.targets:
        raise Refused(Verdict.NO_TARGETS, "lists no targets")
    for target in targets.targets:
        problem = name_problem(target.name)
        if problem:
            raise _about_target(Verdict.UNSAFE_NAME, target.name, f"the name {problem}")
    twice = clash(target.name for target in targets.targets)
    if twice:
        detail = (
            "listed twice"
            if twice[0] == twice[1]
            else f"differs from '{shown(twice[0])}' only in case"
        )
        raise _about_target(Verdict.DUPLICATE_TARGET, twice[1], detail)
    for target in targets.targets:
        _ = target.sha256


def _expired(common: CommonMetadata, at: int | None) -> bool:
    return at is not None and common.expires is not None and common.expires <= (at, 0)
