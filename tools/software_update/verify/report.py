"""The report on a bundle: the verdict and its reasons, as the JSON document of its schema."""

from collections.abc import Sequence
from typing import Any

from software_update.format.release_manifest import ReleaseManifest
from software_update.format.verdicts import Refused, Verdict
from software_update.verify.bundle_file import Verified
from software_update.verify.device import Device
from software_update.verify.targets import not_checked

SCHEMA = "software_update.verdict.v1"


def accepted_report(device: Device, verified: Verified) -> dict[str, Any]:
    """Returns the report, as JSON has it, on a release that the device would install.

    It does not compare the bundle with limits of the device, and checks nothing next to it.
    """
    release = verified.release
    root, targets = release.root.common, release.targets.common
    listed = [each.name for each in release.targets.targets]
    before = [each.name for each in device.installed.targets.targets] if device.installed else []
    never = [role for role, common in (("root", root), ("targets", targets)) if not common.expires]
    return {
        "schema": SCHEMA,
        "verdict": Verdict.ACCEPT,
        "role": "",
        "subject": "",
        "detail": "",
        "trusted_root_version": device.root.common.version,
        "root_version": root.version,
        "targets_version": targets.version,
        "targets": len(listed),
        "left_out": _without(listed, [each.name for each in verified.payloads]),
        "no_longer_listed": _without(before, listed),
        "beyond_device": None,
        "warnings": [],
        "signers": [each.hex() for each in release.signers],
        "uncounted_signatures": list(release.uncounted),
        "release": _release(release.manifest),
        "never_expires": never,
        "allowed_targets": list(release.root.allowed_targets) or None,
        "dev_keys": release.trusted.dev_keys,
        "refusal": None,
        "log": None,
        "attachments": None,
        "auditors": None,
        "not_checked": not_checked(device, release),
    }


def _without(names: Sequence[str], others: Sequence[str]) -> list[str]:
    return sorted(set(names).difference(others))


def _release(manifest: ReleaseManifest | None) -> dict[str, Any] | None:
    if manifest is None:
        return None
    return {
        "product": manifest.product,
        "version": manifest.version,
        "release_counter": manifest.counter,
    }


def refused_report(refused: Refused) -> dict[str, Any]:
    """Returns the report, as JSON has it, on a bundle that a device refuses."""
    return {
        "schema": SCHEMA,
        "verdict": refused.verdict,
        "role": refused.role,
        "subject": refused.subject,
        "detail": refused.detail,
        "not_checked": ["everything after this: the first failure decides"],
    }
