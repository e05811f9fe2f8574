"""Bundles as bytes, and the verdicts on them."""

import tempfile

from software_update.format import metadata
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY
from software_update.verify.bundle_file import verify_bundle
from software_update.verify.device import Device
from software_update.verify.roots import trust_root
from software_update.verify.targets import VerifiedRelease

TRUSTED_ROOT = e.signed(e.root(), ROOT_KEY)
APP = {"app": b"application"}
TWO = {"app": b"application", "boot": b"bootloader"}
ACCEPT = (Verdict.ACCEPT, "", "")
# Role and subject of a verdict on roots, on targets metadata and on the bundle itself.
ROOT = ("root", "root metadata")
TARGETS = ("targets", "targets metadata")
ENVELOPE = ("", "bundle")
# Seconds since 1970, for tests of expiry.
NOW = 1_800_000_000


def with_targets(targets: bytes, *signers: int, root: bytes = b"") -> bytes:
    """A bundle of targets metadata as given, and the payloads of TWO."""
    signed = e.signed(targets, *(signers or (TARGETS_KEY,)))
    return root + e.targets_entry(signed) + e.payloads(TWO)


def with_root(signed_root: bytes, *signers: int, contents: dict[str, bytes] | None = None) -> bytes:
    """A bundle with a root, and targets metadata of `contents` that the signers sign."""
    return e.bundle(contents or APP, signed_root=signed_root, signers=signers or (TARGETS_KEY,))


def generation(version: int) -> list[int]:
    """Root key and targets key of a generation: other ones for each."""
    return [100 + version, 200 + version]


def signed_root(version: int, before: int | None = None) -> bytes:
    root_key, targets_key = generation(version)
    signers = [root_key] if before is None else [root_key, generation(before)[0]]
    return e.signed(e.root(version, [root_key], [targets_key]), *signers)


def release_of(
    bundle: bytes,
    *,
    trusted: bytes = TRUSTED_ROOT,
    installed: bytes | None = None,
    hardware_id: str | None = None,
    at: int | None = None,
    installed_root: bytes | None = None,
) -> VerifiedRelease:
    """The release in a bundle, or Refused. `installed` is a Manifest, `installed_root` a signed root."""
    with tempfile.TemporaryFile() as file:
        file.write(bundle)
        file.flush()
        device = Device(
            trust_root(trusted),
            None if installed is None else metadata.parse_manifest(installed),
            hardware_id,
            at,
            None if installed_root is None else trust_root(installed_root),
        )
        return verify_bundle(file.fileno(), device)


def refusal_of(
    bundle: bytes,
    *,
    trusted: bytes = TRUSTED_ROOT,
    installed: bytes | None = None,
    hardware_id: str | None = None,
    at: int | None = None,
    installed_root: bytes | None = None,
) -> tuple[Verdict, str, str]:
    """Verdict, role and subject of a bundle; ACCEPT, "", "" where nothing is wrong with it."""
    try:
        release_of(
            bundle,
            trusted=trusted,
            installed=installed,
            hardware_id=hardware_id,
            at=at,
            installed_root=installed_root,
        )
    except Refused as refused:
        assert refused.detail
        assert "\n" not in str(refused)
        return refused.verdict, refused.role, refused.subject
    return Verdict.ACCEPT, "", ""
