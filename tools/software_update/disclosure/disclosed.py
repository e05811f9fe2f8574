"""A release as it is shown to people: the contents of a bundle, or of the manifest that a device keeps.

`verified_releases` reads two files as a device does that runs the first release and gets the second one.
`unverified_releases` reads them without a trusted root, and checks no signature.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from software_update.base.errors import InputError, printable
from software_update.bundle.envelope import Payload
from software_update.bundle.reader import begins_as_bundle, read_envelope, read_user_manifest
from software_update.format import metadata
from software_update.format.claims import Claims, read_claims
from software_update.format.metadata import Installed, Root, RootId, Targets
from software_update.format.refusals import NotDisclosed
from software_update.format.release_manifest import ReleaseManifest, parse_release
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.schemes import DEFAULT_SCHEMES, Schemes
from software_update.verify.bundle_file import Verified, verify_file, verify_running
from software_update.verify.device import Device
from software_update.verify.installed import check_trusted_root, read_installed_file
from software_update.verify.recovery import FormerRoot
from software_update.verify.target_list import check_targets, user_manifests
from software_update.verify.targets import VerifiedRelease, listed_user_manifest, not_checked


class Disclosed(NamedTuple):
    """A release. A field is None or empty if it is not known.

    `root` is the root in force after the release, and `root_id` identifies it. `signers` are the raw key
    ids of the signatures of the targets metadata; if the release was verified, of those that count.
    `payloads` are the payloads in the bundle. `is_bundle` is false for the manifest of a device.
    """

    targets: Targets
    root: Root | None
    root_id: RootId | None
    signers: tuple[bytes, ...] | None
    user_manifest: bytes | None
    manifest: ReleaseManifest | None
    claims: Claims
    payloads: tuple[Payload, ...]
    is_bundle: bool

    @property
    def release_digest(self) -> bytes:
        """The release digest: the raw SHA-256 of the targets metadata without signatures."""
        return hashlib.sha256(self.targets.serialized).digest()


class Releases(NamedTuple):
    """Two releases, of which the second one may replace the first one.

    `not_checked` are the questions that the verification leaves open, in words.
    """

    old: Disclosed
    new: Disclosed
    verified: bool
    not_checked: tuple[str, ...]


class OpenFile(NamedTuple):
    """An open file, and the name that errors have for it."""

    fd: int
    name: str


def verified_releases(
    old: OpenFile,
    new: OpenFile,
    trusted_path: str,
    trusted: Root,
    *,
    at: int | None = None,
    schemes: Schemes = DEFAULT_SCHEMES,
) -> Releases:
    """Returns the releases in two files after it has verified them.

    `trusted` is the root of the device before it installed the old release, if that is a bundle, else the
    one that it has now. The old release may have expired: only the new one is checked at the time `at`, in
    seconds since 1970. Raises Refused or NotDisclosed, whose subject begins with the name of the file, if a
    device refuses a release or its claims cannot be read, and InputError if a file cannot be used.
    """
    if _is_bundle(old):
        with _errors_of(old.name):
            running = _verified_old(old, Device(trusted, schemes=schemes))
            before = _of_verified(running)
        device = _device_after(running.release, at, schemes)
        verified, after = _verified_new(new, device)
        questions: tuple[str, ...] = ()
    else:
        installed = read_installed_file(old.fd, old.name, schemes).release
        if installed.root:
            check_trusted_root(trusted_path, trusted, old.name, installed.root)
        device = Device(trusted, installed, at=at, schemes=schemes)
        verified, after = _verified_new(new, device)
        with _errors_of(old.name):
            before = _of_installed(installed, verified.release.former)
        questions = ("signatures of the old release: the manifest of a device has none",)
    return Releases(before, after, True, (*questions, *not_checked(device, verified.release)))


def unverified_releases(old: OpenFile, new: OpenFile) -> Releases:
    """Returns the releases in two files. Checks no signature and no payload.

    Raises as `verified_releases`.
    """
    if _is_bundle(old):
        with _errors_of(old.name):
            before = _of_unverified(old.fd)
    else:
        installed = read_installed_file(old.fd, old.name).release
        with _errors_of(old.name):
            before = _of_installed(installed)
    runs = Installed(before.targets, before.user_manifest, before.manifest)
    with _errors_of(new.name):
        after = _of_unverified(new.fd, runs, before.root, before.root_id)
    return Releases(before, after, False, ("signatures, payloads, roots, versions and expiry",))


def verified_release(
    file: OpenFile, trusted: Root, *, at: int | None = None, schemes: Schemes = DEFAULT_SCHEMES
) -> tuple[Disclosed, tuple[str, ...]]:
    """Returns the release in a bundle after it has verified it, and the open questions, in words.

    `trusted` is the root of a device on which no release is known. Raises as `verified_releases`.
    """
    device = Device(trusted, at=at, schemes=schemes)
    with _errors_of(file.name):
        verified = verify_file(file.fd, device)
        return _of_verified(verified), tuple(not_checked(device, verified.release))


def unverified_release(file: OpenFile) -> Disclosed:
    """Returns the release in a bundle. Checks no signature, and no payload. Raises as `verified_releases`."""
    with _errors_of(file.name):
        return _of_unverified(file.fd)


@contextlib.contextmanager
def _errors_of(name: str) -> Iterator[None]:
    """Puts the name of a file before the subject of a refusal."""
    try:
        yield
    except Refused as refused:
        subject = f"{printable(name)}: {refused.subject}".removesuffix(": ")
        raise Refused(
            refused.verdict,
            refused.detail,
            role=refused.role,
            subject=subject,
            advice=refused.advice,
        ) from None
    except NotDisclosed as error:
        subject = f"{printable(name)}: {error.subject}".removesuffix(": ")
        raise NotDisclosed(
            error.refusal, error.detail, subject=subject, advice=error.advice
        ) from None


def _is_bundle(file: OpenFile) -> bool:
    try:
        return begins_as_bundle(file.fd)
    except Refused as refused:
        raise InputError(
            f"{file.name}: neither a bundle nor the manifest of a device ({refused})"
        ) from None


def _verified_old(old: OpenFile, device: Device) -> Verified:
    try:
        return verify_running(old.fd, device)
    except Refused as refused:
        if refused.verdict != Verdict.ROOT_ROLLBACK:
            raise
        raise Refused(
            refused.verdict,
            f"{refused.detail}; name the root that the device had before it installed this release",
            role=refused.role,
            subject=refused.subject,
        ) from None


def _device_after(release: VerifiedRelease, at: int | None, schemes: Schemes) -> Device:
    """Returns the device that has installed a release."""
    return Device(
        release.root,
        Installed(release.targets, release.user_manifest, release.manifest, release.root.id),
        at=at,
        schemes=schemes,
    )


def _verified_new(new: OpenFile, device: Device) -> tuple[Verified, Disclosed]:
    with _errors_of(new.name):
        verified = verify_file(new.fd, device)
        return verified, _of_verified(verified)


def _of_verified(verified: Verified) -> Disclosed:
    release = verified.release
    return Disclosed(
        release.targets,
        release.root,
        release.root.id,
        release.signers,
        release.user_manifest,
        release.manifest,
        read_claims(release.user_manifest or b""),
        tuple(verified.payloads),
        True,
    )


def _of_installed(installed: Installed, former: FormerRoot | None = None) -> Disclosed:
    """Reads the manifest of a device. `former` is the root that it was accepted under, if that is at hand."""
    check_targets(installed.targets)
    return Disclosed(
        installed.targets,
        former.root if former else None,
        former.id if former else installed.root,
        None,
        installed.user_manifest,
        installed.release,
        read_claims(installed.user_manifest or b""),
        (),
        False,
    )


def _of_unverified(
    fd: int,
    installed: Installed | None = None,
    root: Root | None = None,
    root_id: RootId | None = None,
) -> Disclosed:
    """Reads a bundle. `root` and `root_id` are those of the device, which it keeps if the bundle has none."""
    envelope = read_envelope(fd)
    if envelope.targets is None:
        raise Refused(Verdict.MISSING_ROLE_METADATA, "has no targets metadata")
    signed, targets = metadata.parse_signed_targets(envelope.targets)
    # Names that no device accepts reach neither a terminal nor a page.
    check_targets(targets)
    user_manifest = listed_user_manifest(targets, read_user_manifest(fd, envelope), installed)
    if user_manifest is None and user_manifests(targets):
        raise Refused(Verdict.MISSING_PAYLOAD, "does not contain the user_manifest that it lists")
    if envelope.root is not None:
        root = metadata.parse_signed_root(envelope.root)[1]
        root_id = root.id
    return Disclosed(
        targets,
        root,
        root_id,
        tuple(each.key_id for each in signed.signatures),
        user_manifest,
        None if user_manifest is None else parse_release(user_manifest),
        read_claims(user_manifest or b""),
        envelope.payloads,
        True,
    )
