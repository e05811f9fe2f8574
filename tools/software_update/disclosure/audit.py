"""Compares a vendor's release with a bundle that an auditor built from the same sources.

    found = compare(bundle_fd, rebuilt_fd)
    if found.result is AuditResult.GOOD:
        statement = audit_statement(found)

The two bundles have different signatures and roots, because only the vendor has the vendor's keys. Everything
that the signatures of a release cover is compared: the targets metadata byte for byte, and with it the
SHA-256 of each payload, which is checked in both files.
"""

import enum
from typing import Any, NamedTuple

from software_update.attachments.audits import FAILED, PASSED, REBUILD_TEST
from software_update.attachments.statement import TEST_RESULT, Statement, build_statement
from software_update.base.errors import shown
from software_update.bundle.reader import read_envelope, read_user_manifest
from software_update.format.release_manifest import ReleaseManifest, parse_release
from software_update.format.verdicts import Refused, Verdict
from software_update.verify.bundle_file import verify_file
from software_update.verify.device import Device
from software_update.verify.promote import read_contents
from software_update.verify.promotion import Contents, Difference, differences

SCHEMA = "software_update.audit.v1"
# The subject of differences that do not belong to a target.
METADATA = "targets metadata"
NOT_VERIFIED = "signatures of the release: no trusted root was given"


class AuditResult(enum.StrEnum):
    """The result of a comparison: the same, not the same, or the two cannot be compared."""

    GOOD = "GOOD"
    BAD = "BAD"
    UNKNOWN = "UNKNOWN"


class Audit(NamedTuple):
    """A comparison. `reason` says why the result is UNKNOWN; `differences` say why it is BAD.

    The digests are the release digests of the two bundles, 32 bytes each; empty if the result is UNKNOWN.
    """

    result: AuditResult
    release_digest: bytes = b""
    rebuilt_digest: bytes = b""
    reason: str = ""
    differences: tuple[Difference, ...] = ()


class _Bundle(NamedTuple):
    contents: Contents
    manifest: ReleaseManifest | None


def compare(bundle_fd: int, rebuilt_fd: int, device: Device | None = None) -> Audit:
    """Compares the bundle files `bundle_fd` and `rebuilt_fd`.

    With `device`, verifies the first one as that device does. The differences have the rebuilt bundle's
    values in `tested`.
    """
    try:
        release = _read(bundle_fd, device)
    except Refused as refused:
        return _unknown("the release", refused)
    try:
        rebuilt = _read(rebuilt_fd, None)
    except Refused as refused:
        return _unknown("the rebuilt bundle", refused)
    other = _other_release(release, rebuilt)
    if other:
        return Audit(AuditResult.UNKNOWN, reason=f"the rebuilt bundle is another release: {other}")
    found = tuple(differences(rebuilt.contents, release.contents))
    return Audit(
        AuditResult.BAD if found else AuditResult.GOOD,
        release.contents.targets.digest,
        rebuilt.contents.targets.digest,
        differences=found,
    )


def audit_statement(audit: Audit) -> bytes:
    """Returns the in-toto test result of an audit that is GOOD or BAD, for the auditor to sign.

    https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md
    """
    good = audit.result is AuditResult.GOOD
    rebuilt = {"name": "rebuilt release", "digest": {"sha256": audit.rebuilt_digest.hex()}}
    predicate = {
        "result": PASSED if good else FAILED,
        "configuration": [rebuilt],
        "passedTests": [REBUILD_TEST] if good else [],
        "warnedTests": [],
        "failedTests": [] if good else [REBUILD_TEST],
    }
    return build_statement(Statement(audit.release_digest, TEST_RESULT, predicate))


def audit_report(audit: Audit, *, verified: bool) -> dict[str, Any]:
    """Returns the report on a comparison, as the JSON document has it."""
    return {
        "schema": SCHEMA,
        "result": audit.result,
        "reason": audit.reason,
        "release_digest": audit.release_digest.hex() or None,
        "rebuilt_digest": audit.rebuilt_digest.hex() or None,
        "differences": [
            {
                "subject": each.subject,
                "field": each.field,
                "release": each.release,
                "rebuilt": each.tested,
            }
            for each in audit.differences
        ],
        "not_checked": [] if verified else [NOT_VERIFIED],
    }


def _read(fd: int, device: Device | None) -> _Bundle:
    if device is not None:
        verified = verify_file(fd, device)
        contents = Contents(verified.release.targets, verified.payloads)
        return _Bundle(contents, verified.release.manifest)
    contents = read_contents(fd)
    # Its length and SHA-256 are those in the metadata.
    content = read_user_manifest(fd, read_envelope(fd))
    return _Bundle(contents, None if content is None else parse_release(content))


def _unknown(what: str, refused: Refused) -> Audit:
    more = "; name a bundle with all payloads" if refused.verdict == Verdict.MISSING_PAYLOAD else ""
    return Audit(AuditResult.UNKNOWN, reason=f"{what} cannot be compared ({refused}){more}")


def _other_release(release: _Bundle, rebuilt: _Bundle) -> str | None:
    """Returns the field by which the two are not builds of the same release; None if they may be."""
    if release.manifest is None or rebuilt.manifest is None:
        fields = [("targets version", _version(release.contents), _version(rebuilt.contents))]
    else:
        new, old = release.manifest, rebuilt.manifest
        fields = [
            ("product", shown(new.product), shown(old.product)),
            ("version", shown(new.version), shown(old.version)),
            ("release counter", str(new.counter), str(old.counter)),
        ]
    return next((f"{name} {b}, not {a}" for name, a, b in fields if a != b), None)


def _version(contents: Contents) -> str:
    return str(contents.targets.common.version)
