"""Promotion: the proof that a release, which devices accept, carries exactly what was tested.

    with open("tested.bundle", "rb") as tested, open("release.bundle", "rb") as release:
        promotion = promote(tested.fileno(), release.fileno(), Device(root))

`promote` verifies the release as a device does, rejects development keys, and compares it with the
tested bundle: the bytes of the targets metadata and each payload. Both may lack payloads that the
device has installed. It raises NotPromoted with the reason if the release is not proven. It does not
check the signatures, the root and the expiry of the tested bundle.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from software_update.base.errors import SoftwareUpdateError, short_id
from software_update.bundle.envelope import Envelope
from software_update.bundle.reader import read_envelope
from software_update.format import metadata
from software_update.format.metadata import TARGETS, Installed
from software_update.format.verdicts import Refused, Verdict
from software_update.keys.dev_key_ids import DEV_KEY_IDS, DEV_KEYS_WARNING
from software_update.verify.bundle_file import hash_payloads, verify_file
from software_update.verify.device import Device
from software_update.verify.payloads import verify_payloads
from software_update.verify.promotion import Contents, Difference, differences
from software_update.verify.report import accepted_report, refused_report

SCHEMA = "software_update.promotion.v1"
_NOT_CHECKED = "of what was tested: signatures, root, expiry"
_SHOWN = 3


class Promotion(NamedTuple):
    """A proven release: the report on its verification, and its contents."""

    verdict: dict[str, Any]
    contents: Contents


class NotPromoted(SoftwareUpdateError):
    """A release that is not proven.

    `verdict` is the report on the release, None if it was not verified. `found` are the differences from
    the tested bundle; none if another reason decided.
    """

    exit_code = Refused.exit_code

    def __init__(
        self,
        problem: str,
        verdict: dict[str, Any] | None = None,
        found: Sequence[Difference] = (),
    ) -> None:
        super().__init__(problem)
        self.verdict = verdict
        self.found = found


def promote(
    tested_fd: int,
    release_fd: int,
    device: Device,
    *,
    tested: str = "tested bundle",
    release: str = "release",
    full_report: str = "the report",
) -> Promotion:
    """Proves that the bundle in `release_fd` carries exactly what the one in `tested_fd` carries.

    `tested` and `release` name the two files in errors; `full_report` names the place of all differences
    for an error that shows only some. Raises NotPromoted if the release is not proven, and InputError or
    OSError if a file cannot be read.
    """
    try:
        verified = verify_file(release_fd, device)
        problem = _dev_problem(device, verified.envelope)
    except Refused as refused:
        raise refused_release(release, refused) from None
    verdict = accepted_report(device, verified)
    if problem:
        raise NotPromoted(f"{release}: {problem}", verdict)
    try:
        expected = read_contents(tested_fd, device.installed)
    except Refused as refused:
        raise NotPromoted(_about(tested, refused), verdict) from None
    carried = Contents(verified.release.targets, verified.payloads)
    found = differences(expected, carried)
    if found:
        raise NotPromoted(f"{release}: {_text(found, full_report)}", verdict, found)
    return Promotion(verdict, carried)


def refused_release(release: str, refused: Refused) -> NotPromoted:
    """Returns the error for a release that the device refuses. `release` names its file."""
    return NotPromoted(_about(release, refused), refused_report(refused))


def promoted_report(promotion: Promotion) -> dict[str, Any]:
    """Returns the report on a proven release, as the JSON document has it."""
    serialized = promotion.contents.targets.serialized
    return {
        "schema": SCHEMA,
        "promoted": True,
        "problem": "",
        "release": promotion.verdict,
        "targets_metadata": {
            "length": len(serialized),
            "sha256": hashlib.sha256(serialized).hexdigest(),
        },
        "payloads": [
            {"name": each.name, "length": each.length, "sha256": each.sha256.hex()}
            for each in promotion.contents.payloads
        ],
        "differences": [],
        "not_checked": [_NOT_CHECKED],
    }


def not_promoted_report(error: NotPromoted) -> dict[str, Any]:
    """Returns the report on a release that is not proven, as the JSON document has it."""
    return {
        "schema": SCHEMA,
        "promoted": False,
        "problem": str(error),
        "release": error.verdict,
        "targets_metadata": None,
        "payloads": None,
        "differences": [
            {
                "subject": each.subject,
                "field": each.field,
                "tested": each.tested,
                "release": each.release,
            }
            for each in error.found
        ],
        "not_checked": [_NOT_CHECKED],
    }


def _about(path: str, refused: Refused) -> str:
    whole = refused.verdict == Verdict.MISSING_PAYLOAD
    return f"{path}: {refused}{'; name a bundle that leaves nothing out' if whole else ''}"


def _dev_problem(device: Device, envelope: Envelope) -> str | None:
    """Returns the reason why anyone can make a release that the devices accept; None without one.

    `envelope` holds the bytes that were verified: a file that changed since is not read again.
    """
    signed_roots = [each for each in (*envelope.root_chain, envelope.root) if each is not None]
    roots = [metadata.parse_signed_root(each)[1] for each in signed_roots]
    for root in (device.root, *roots):
        if root.is_dev:
            version = root.common.version
            return f"{DEV_KEYS_WARNING}, by root version {version}; release under another root"
    for signature in metadata.parse_signed(TARGETS, envelope.targets or b"").signatures:
        if signature.key_id.hex() in DEV_KEY_IDS:
            return f"dev key {short_id(signature.key_id)} has signed it; leave that signature out"
    return None


def read_contents(fd: int, installed: Installed | None = None) -> Contents:
    """Returns the contents of a bundle whose payloads match its metadata. Checks no signatures.

    Only payloads of `installed` may be missing. Raises Refused for any other file.
    """
    envelope = read_envelope(fd)
    if envelope.targets is None:
        raise Refused(Verdict.MISSING_ROLE_METADATA, "has no targets metadata")
    _, targets = metadata.parse_signed_targets(envelope.targets)
    payloads = hash_payloads(fd, targets, envelope.payloads)
    verify_payloads(targets, payloads, installed=installed)
    return Contents(targets, payloads)


def _text(found: Sequence[Difference], full_report: str) -> str:
    shown = [str(each) for each in found[:_SHOWN]]
    if len(found) > _SHOWN:
        shown.append(f"and {len(found) - _SHOWN} more, see {full_report}")
    return f"not what was tested: {'; '.join(shown)}; release what was tested, or test this"
