"""Decides whether a device accepts targets metadata (TUF specification 1.0.34, 5.6). Pure.

The signatures come first, then the dates and versions, the release manifest, and the list of targets.
"""

import hashlib
from typing import NamedTuple

from software_update.base.errors import Advice, short_id, shown, shown_list
from software_update.format import metadata
from software_update.format.messages import SHA256, Target
from software_update.format.metadata import TARGETS, Installed, Root, Targets
from software_update.format.release_manifest import ReleaseManifest, parse_release
from software_update.format.verdicts import Refused, Verdict
from software_update.verify.device import Device
from software_update.verify.quorum import check_threshold
from software_update.verify.recovery import FormerRoot, versions_start_again
from software_update.verify.roots import TrustedRoot, is_expired
from software_update.verify.target_list import (
    check_list,
    check_user_manifest_length,
    user_manifests,
)


class VerifiedRelease(NamedTuple):
    """A release whose metadata is trusted. Only `verify_targets` makes one.

    `signers` are the raw key ids of the good signatures of its targets metadata; `uncounted` describes
    the other signatures in words. `manifest` is its release manifest, None if it has none. `former` is
    the root under which the installed release was accepted, None if nothing is installed.
    """

    trusted: TrustedRoot
    targets: Targets
    signers: tuple[bytes, ...]
    uncounted: tuple[str, ...]
    user_manifest: bytes | None
    manifest: ReleaseManifest | None
    former: FormerRoot | None

    @property
    def root(self) -> Root:
        """The root in force."""
        return self.trusted.root


def verify_targets(
    device: Device,
    trusted: TrustedRoot,
    signed_targets: bytes | None,
    user_manifest: bytes | None,
    former: FormerRoot | None = None,
) -> VerifiedRelease:
    """Checks `signed_targets` against the root in force and the installed release (5.6).

    `user_manifest` is that payload in the bundle, None if there is none of at most
    `limits.MAX_USER_MANIFEST_BYTES`. `former` is the root under which the installed release was
    accepted; versions are always compared without it.
    """
    subject = "targets metadata"
    if signed_targets is None:
        raise Refused(Verdict.MISSING_ROLE_METADATA, "is missing", role=TARGETS, subject=subject)
    try:
        targets, signers, uncounted = _read_signed(signed_targets, trusted.root)
        # 5.6.5: a freeze attack.
        if is_expired(targets.common, device.at):
            raise Refused(Verdict.TARGETS_EXPIRED, f"version {targets.common.version} has expired")
        # 5.6.4: a rollback attack.
        if not versions_start_again(former, trusted.root):
            _check_targets_version(targets, device.installed, former)
        content = listed_user_manifest(targets, user_manifest, device.installed)
        manifest = None if content is None else parse_release(content)
        if content is not None or not user_manifests(targets):
            _check_release(manifest, device)
        check_list(targets, trusted.root.allowed_targets)
    except Refused as refused:
        raise refused.about(TARGETS, subject) from None
    return VerifiedRelease(trusted, targets, signers, uncounted, content, manifest, former)


def _read_signed(
    signed_targets: bytes, root: Root
) -> tuple[Targets, tuple[bytes, ...], tuple[str, ...]]:
    """Returns targets metadata that enough keys have signed, the signers, and the other signatures."""
    signed = metadata.find_signed(TARGETS, signed_targets)
    try:
        # 5.6.3: an arbitrary software attack.
        signers, uncounted = check_threshold(signed, root, root.targets, "the root's")
    except Refused:
        # A fault in the form is reported before one in the signatures.
        metadata.check_targets(signed.data, signed.start, signed.end)
        raise
    # Parsing takes much memory. The metadata are signed, so the signers chose their size.
    return metadata.parse_targets(signed.serialized), signers, uncounted


def not_checked(device: Device, release: VerifiedRelease) -> list[str]:
    """Returns the questions that an ACCEPT of this release leaves open."""
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


def _check_targets_version(
    targets: Targets, installed: Installed | None, former: FormerRoot | None
) -> None:
    if installed is None:
        return
    old, new = installed.targets.common.version, targets.common.version
    if new < old:
        detail = f"version {new}, version {old} is installed{_missing_root(former)}"
        raise Refused(Verdict.TARGETS_ROLLBACK, detail, advice=_advice(former))
    if new == old and targets.serialized != installed.targets.serialized:
        detail = f"version {new} is installed with other content{_missing_root(former)}"
        raise Refused(Verdict.TARGETS_MIX_UP, detail, advice=_advice(former))


def _advice(former: FormerRoot | None) -> Advice | None:
    return Advice.NAME_INSTALLED_ROOT if _is_missing(former) else None


def _is_missing(former: FormerRoot | None) -> bool:
    return former is not None and former.root is None


def _missing_root(former: FormerRoot | None) -> str:
    """Returns the reason for comparing the versions, if the former root is missing."""
    if former is None or not _is_missing(former):
        return ""
    version, sha256 = former.id
    return (
        f"; it was accepted under root {version} (SHA-256 {short_id(sha256)}...), which is not at "
        "hand, so keys removed since do not count; name that root as the installed one"
    )


def listed_user_manifest(
    targets: Targets, in_bundle: bytes | None, installed: Installed | None
) -> bytes | None:
    """The user_manifest as the metadata lists it, from the bundle or the device; None without it.

    One that is listed, and not there as listed, is for `verify_payloads` to refuse.
    """
    listed = user_manifests(targets)
    if len(listed) != 1:
        return None
    check_user_manifest_length(listed[0])
    for content in (in_bundle, installed.user_manifest if installed else None):
        if content is not None and _is_listed(content, listed[0]):
            return content
    return None


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
