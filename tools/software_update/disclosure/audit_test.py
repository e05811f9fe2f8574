"""Comparing a release with a rebuilt bundle."""

import json
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack

import pytest

from software_update.attachments.audits import rebuild_result
from software_update.attachments.statement import parse_statement
from software_update.disclosure import audit as module
from software_update.disclosure.audit import (
    NOT_VERIFIED,
    Audit,
    AuditResult,
    audit_report,
    audit_statement,
    compare,
)
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.testing import encode as e
from software_update.testing.examples import run_example
from software_update.testing.judge import TRUSTED_ROOT
from software_update.testing.signers import ROOT_KEY_2, TARGETS_KEY_2
from software_update.testing.workspace import CONTENTS
from software_update.verify.device import Device
from software_update.verify.roots import trust_root

DEV_ROOT = e.signed(e.root(targets_keys=[TARGETS_KEY_2], root_keys=[ROOT_KEY_2]), ROOT_KEY_2)
VENDOR = e.bundle(CONTENTS, version=7)
REBUILT = e.bundle(CONTENTS, version=7, signed_root=DEV_ROOT, signers=[TARGETS_KEY_2])
DEVICE = Device(trust_root(TRUSTED_ROOT))


def audit(bundle: bytes, rebuilt: bytes, device: Device | None = DEVICE) -> Audit:
    with ExitStack() as stack:
        descriptors = []
        for content in (bundle, rebuilt):
            file = stack.enter_context(tempfile.TemporaryFile())
            file.write(content)
            file.flush()
            descriptors.append(file.fileno())
        return compare(descriptors[0], descriptors[1], device)


def with_manifest(contents: Mapping[str, bytes] = CONTENTS, **fields: object) -> bytes:
    release = ReleaseManifest("lamp", "2.0", 7)._replace(**fields)  # type: ignore[arg-type]
    return e.bundle({"user_manifest": build_release(release), **contents}, version=7)


def test_the_example_in_the_docstring_works() -> None:
    with tempfile.TemporaryFile() as bundle, tempfile.TemporaryFile() as rebuilt:
        for file, content in ((bundle, VENDOR), (rebuilt, REBUILT)):
            file.write(content)
            file.flush()
        names = run_example(module, bundle_fd=bundle.fileno(), rebuilt_fd=rebuilt.fileno())
    assert names["statement"]


@pytest.mark.parametrize("device", [DEVICE, None])
def test_other_signatures_and_roots_are_good(device: Device | None) -> None:
    found = audit(VENDOR, REBUILT, device)
    assert (found.result, found.differences) == (AuditResult.GOOD, ())
    assert found.release_digest == found.rebuilt_digest == e.sha256(e.targets(CONTENTS, 7))


def test_another_payload_is_bad() -> None:
    found = audit(VENDOR, e.bundle({**CONTENTS, "app": b"Application\n"}, version=7))
    assert found.result is AuditResult.BAD
    assert [(each.subject, each.field) for each in found.differences] == [
        ("target 'app'", "sha256")
    ]


def test_another_expiry_is_bad() -> None:
    found = audit(VENDOR, e.bundle(CONTENTS, version=7, expires=2_000_000_000))
    [difference] = found.differences
    assert (difference.field, difference.release, difference.tested) == (
        "expires",
        None,
        "2033-05-18T03:33:20Z",
    )


def test_another_manifest_of_the_same_release_is_bad() -> None:
    found = audit(with_manifest(), with_manifest(notes="new"))
    assert {each.subject for each in found.differences} == {"target 'user_manifest'"}


@pytest.mark.parametrize(
    ("rebuilt", "reason"),
    [
        (with_manifest(product="heater"), "another release: product heater, not lamp"),
        (with_manifest(version="2.1"), "another release: version 2.1, not 2.0"),
        (with_manifest(counter=8), "another release: release counter 8, not 7"),
        (e.bundle(CONTENTS, version=8), "another release: targets version 8, not 7"),
        (b"text", "the rebuilt bundle cannot be compared (MALFORMED"),
        (with_manifest() + b"\0", "the rebuilt bundle cannot be compared ("),
        (
            e.targets_entry(e.signed(e.targets(CONTENTS, 7), TARGETS_KEY_2)),
            "; name a bundle with all payloads",
        ),
        (b"", "the rebuilt bundle cannot be compared ("),
    ],
)
def test_bundles_that_cannot_be_compared_are_unknown(rebuilt: bytes, reason: str) -> None:
    found = audit(with_manifest(), rebuilt)
    assert found.result is AuditResult.UNKNOWN
    assert reason in found.reason
    report = audit_report(found, verified=True)
    assert (report["release_digest"], report["rebuilt_digest"]) == (None, None)


def test_a_release_of_another_vendor_is_unknown() -> None:
    found = audit(REBUILT, REBUILT)
    assert found.result is AuditResult.UNKNOWN
    assert found.reason.startswith("the release cannot be compared (")
    assert audit(REBUILT, REBUILT, None).result is AuditResult.GOOD


def test_a_release_whose_payload_was_changed_is_unknown() -> None:
    for device in (DEVICE, None):
        found = audit(VENDOR.replace(b"application", b"Application"), REBUILT, device)
        assert "HASH_MISMATCH" in found.reason


def test_the_statement_has_the_result_of_the_rebuild() -> None:
    other = e.bundle({**CONTENTS, "app": b"Application\n"}, version=7)
    for rebuilt, expected in ((REBUILT, "PASSED"), (other, "FAILED")):
        found = audit(VENDOR, rebuilt)
        statement = parse_statement(audit_statement(found), "statement")
        assert statement.release_digest == found.release_digest
        assert rebuild_result(statement) == expected
        [configuration] = statement.predicate["configuration"]
        assert configuration["digest"]["sha256"] == found.rebuilt_digest.hex()


def test_the_report_says_that_nothing_was_verified() -> None:
    found = audit(VENDOR, REBUILT)
    assert audit_report(found, verified=True)["not_checked"] == []
    report = audit_report(found, verified=False)
    assert report["not_checked"] == [NOT_VERIFIED]
    assert json.loads(json.dumps(report))["result"] == "GOOD"
