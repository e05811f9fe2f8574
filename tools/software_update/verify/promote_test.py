"""Tests of promote.py."""

import tempfile

import pytest

from software_update.format.metadata import Installed, parse_manifest
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.judge import TRUSTED_ROOT, TWO
from software_update.testing.signers import ROOT_KEY, STRANGER
from software_update.verify.device import Device
from software_update.verify.promote import (
    NotPromoted,
    Promotion,
    not_promoted_report,
    promote,
    promoted_report,
    refused_release,
)
from software_update.verify.roots import trust_root

RELEASE = e.bundle(TWO, version=7)
# Other keys sign the tested bundle: the device does not trust them.
TESTED = e.bundle(
    TWO, version=7, signed_root=e.signed(e.root(1, [STRANGER]), STRANGER), signers=[STRANGER]
)


def promoted(
    tested: bytes,
    release: bytes,
    trusted: bytes = TRUSTED_ROOT,
    installed: Installed | None = None,
) -> Promotion:
    with tempfile.TemporaryFile() as one, tempfile.TemporaryFile() as other:
        for file, content in ((one, tested), (other, release)):
            file.write(content)
            file.flush()
        return promote(one.fileno(), other.fileno(), Device(trust_root(trusted), installed))


def test_release_with_the_tested_contents_is_proven() -> None:
    report = promoted_report(promoted(TESTED, RELEASE))
    assert report["promoted"] is True
    assert report["release"]["verdict"] == "ACCEPT"
    assert report["targets_metadata"]["length"] == len(e.targets(TWO, 7))
    assert [each["name"] for each in report["payloads"]] == ["app", "boot"]
    assert (report["problem"], report["differences"]) == ("", [])


@pytest.mark.parametrize(
    ("tested", "release", "trusted", "problem", "verdict"),
    [
        (TESTED, RELEASE[:-1] + b"!", TRUSTED_ROOT, "release: HASH_MISMATCH: ", "HASH_MISMATCH"),
        (TESTED[:-1] + b"!", RELEASE, TRUSTED_ROOT, "tested bundle: HASH_MISMATCH: ", "ACCEPT"),
        (b"", RELEASE, TRUSTED_ROOT, "tested bundle: MISSING_ROLE_METADATA: ", "ACCEPT"),
        (
            TESTED,
            RELEASE,
            e.signed(e.root() + e.number(255, 1), ROOT_KEY),
            "release: ",
            "ROOT_MIX_UP",
        ),
        (
            TESTED,
            e.bundle(TWO, version=7, signed_root=e.signed(e.root(2) + e.number(255, 1), ROOT_KEY)),
            TRUSTED_ROOT,
            "release: DEV KEYS: anyone can sign this, by root version 2; release under another",
            "ACCEPT",
        ),
        (
            TESTED,
            e.bundle(
                TWO, version=7, signed_root=e.signed(e.root(2) + e.text(254, "app"), ROOT_KEY)
            ),
            TRUSTED_ROOT,
            "release: TARGET_NOT_ALLOWED: target 'boot': ",
            "TARGET_NOT_ALLOWED",
        ),
    ],
    ids=["refused", "damaged", "empty", "other root", "dev keys", "not allowed"],
)
def test_release_that_is_not_proven(
    tested: bytes, release: bytes, trusted: bytes, problem: str, verdict: str
) -> None:
    with pytest.raises(NotPromoted) as caught:
        promoted(tested, release, trusted)
    assert str(caught.value).startswith(problem)
    report = not_promoted_report(caught.value)
    assert (report["promoted"], report["problem"]) == (False, str(caught.value))
    assert report["release"]["verdict"] == verdict
    assert report["differences"] == []


def test_error_shows_three_differences_and_the_report_all() -> None:
    contents = dict.fromkeys(("a", "b", "c", "d"), b"")
    with pytest.raises(NotPromoted) as caught:
        promoted(e.bundle(contents), e.bundle(dict.fromkeys(contents, b"x")))
    found = not_promoted_report(caught.value)["differences"]
    assert len(found) > 3
    shown = [str(each) in str(caught.value) for each in caught.value.found]
    assert shown == [True] * 3 + [False] * (len(found) - 3)
    assert f"and {len(found) - 3} more, see the report; release what" in str(caught.value)


def test_bundle_that_leaves_out_a_payload_gets_a_hint() -> None:
    error = refused_release("r.bundle", Refused(Verdict.MISSING_PAYLOAD, "has no payload"))
    assert str(error).startswith("r.bundle: MISSING_PAYLOAD: has no payload")
    assert str(error).endswith("; name a bundle that leaves nothing out")
    other = refused_release("r.bundle", Refused(Verdict.HASH_MISMATCH, "differs"))
    assert not str(other).endswith("leaves nothing out")


def test_partial_release_is_proven_for_devices_with_the_earlier_one() -> None:
    partial = RELEASE.replace(e.payload("app", TWO["app"]), b"")
    tested = TESTED.replace(e.payload("app", TWO["app"]), b"")
    earlier = parse_manifest(e.manifest(e.targets(TWO, 6)))
    report = promoted_report(promoted(tested, partial, installed=earlier))
    assert [each["name"] for each in report["payloads"]] == ["boot"]
    with pytest.raises(NotPromoted, match=r"^release: MISSING_PAYLOAD: "):
        promoted(tested, partial)
    with pytest.raises(NotPromoted, match=r"payload 'app'"):
        promoted(TESTED, partial, installed=earlier)
