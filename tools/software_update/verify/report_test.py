"""Tests of report.py."""

import tempfile

from software_update.format import metadata
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.judge import TRUSTED_ROOT, TWO
from software_update.testing.signers import TARGETS_KEY, key_id
from software_update.verify.bundle_file import verify_file
from software_update.verify.device import Device
from software_update.verify.report import accepted_report, refused_report
from software_update.verify.roots import trust_root

RELEASE = build_release(ReleaseManifest("blinky", "1.2", 7))


def report_of(bundle: bytes, installed: bytes) -> dict[str, object]:
    device = Device(trust_root(TRUSTED_ROOT), metadata.parse_manifest(installed), "a", 0)
    with tempfile.TemporaryFile() as file:
        file.write(bundle)
        file.flush()
        return accepted_report(device, verify_file(file.fileno(), device))


def test_report_on_a_release_that_leaves_out_an_installed_payload() -> None:
    contents = {**TWO, "user_manifest": RELEASE}
    signed = e.signed(e.targets(contents, 3, 5), TARGETS_KEY)
    left_out = {name: content for name, content in contents.items() if name != "boot"}
    installed = e.manifest(e.targets({"boot": TWO["boot"], "radio": b"", "modem": b""}, 2))
    assert report_of(e.targets_entry(signed) + e.payloads(left_out), installed) == {
        "schema": "software_update.verdict.v1",
        "verdict": "ACCEPT",
        "role": "",
        "subject": "",
        "detail": "",
        "trusted_root_version": 1,
        "root_version": 1,
        "targets_version": 3,
        "targets": 3,
        "left_out": ["boot"],
        "no_longer_listed": ["modem", "radio"],
        "beyond_device": None,
        "warnings": [],
        "signers": [key_id(TARGETS_KEY).hex()],
        "uncounted_signatures": [],
        "release": {"product": "blinky", "version": "1.2", "release_counter": 7},
        "never_expires": ["root"],
        "allowed_targets": None,
        "dev_keys": False,
        "refusal": None,
        "log": None,
        "attachments": None,
        "auditors": None,
        "not_checked": [
            "root of the installed release: not stated; assumed: trusted root 1",
            "hardware: the release does not say what it is for",
        ],
    }


def test_report_on_a_release_without_a_release_manifest() -> None:
    report = report_of(e.bundle(TWO, version=3), e.manifest(e.targets(TWO, 2)))
    assert report["release"] is None
    assert report["never_expires"] == ["root", "targets"]
    assert (report["left_out"], report["no_longer_listed"]) == ([], [])


def test_report_on_a_refused_bundle() -> None:
    refused = Refused(Verdict.HASH_MISMATCH, "differs", role="targets", subject="target 'app'")
    assert refused_report(refused) == {
        "schema": "software_update.verdict.v1",
        "verdict": "HASH_MISMATCH",
        "role": "targets",
        "subject": "target 'app'",
        "detail": "differs",
        "not_checked": ["everything after this: the first failure decides"],
    }
