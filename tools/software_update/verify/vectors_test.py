"""What tests/vectors/cases.json demands: bundles of another implementation, and their verdicts."""

import json
from typing import Any

import pytest

from software_update.cli.installed import read_installed
from software_update.cli.trusted import read_trusted_root
from software_update.dates import parse_date
from software_update.errors import InputError, Refused, Verdict
from software_update.testing.tree import VECTORS
from software_update.verify.bundle_file import verify_bundle
from software_update.verify.verifier import Device

CASES: list[dict[str, Any]] = json.loads((VECTORS / "cases.json").read_bytes())
# The right reason, and what it is about. A refusal for another one would hide a check that is gone.
TARGETS, ROOT_METADATA = "targets metadata", "root metadata"
REASONS = {
    "bad_personalized_no_manifest": (Verdict.MISSING_PAYLOAD, "target 'boot'"),
    "bad_one_key_twice": (Verdict.THRESHOLD_NOT_MET, TARGETS),
    "bad_key_id_listed_twice": (Verdict.THRESHOLD_INVALID, ROOT_METADATA),
    "bad_wrong_key": (Verdict.THRESHOLD_NOT_MET, TARGETS),
    "bad_signature_bit": (Verdict.THRESHOLD_NOT_MET, TARGETS),
    "bad_payload_changed": (Verdict.HASH_MISMATCH, "target 'app'"),
    "bad_payload_shorter": (Verdict.LENGTH_MISMATCH, "target 'app'"),
    "bad_targets_expired": (Verdict.TARGETS_EXPIRED, TARGETS),
    "bad_name_dotdot": (Verdict.UNSAFE_NAME, "target '../../etc/passwd'"),
    "bad_name_backslash": (Verdict.UNSAFE_NAME, "target '..\\evil'"),
    "bad_name_control": (Verdict.UNSAFE_NAME, "target 'a\\nb'"),
    "bad_duplicate_target": (Verdict.DUPLICATE_TARGET, "target 'app'"),
    "bad_no_hash": (Verdict.HASH_UNSUPPORTED, "target 'app'"),
    "bad_short_hash": (Verdict.HASH_UNSUPPORTED, "target 'app'"),
    "bad_no_role": (Verdict.WRONG_ROLE, TARGETS),
    "bad_version_zero": (Verdict.INVALID_VERSION, TARGETS),
    "bad_same_version_other_content": (Verdict.TARGETS_MIX_UP, TARGETS),
    "bad_root_not_signed_by_trusted": (Verdict.THRESHOLD_NOT_MET, ROOT_METADATA),
    "bad_root_same_version_other_content": (Verdict.ROOT_MIX_UP, ROOT_METADATA),
    "bad_key_id_not_derived": (Verdict.KEY_ID_MISMATCH, ROOT_METADATA),
    "bad_threshold_zero": (Verdict.THRESHOLD_INVALID, ROOT_METADATA),
    # Its id is another key's too, which comes first.
    "bad_key_off_curve": (Verdict.KEY_ID_MISMATCH, ROOT_METADATA),
    "bad_duplicate_payload_first": (Verdict.DUPLICATE_FIELD, "bundle"),
    "bad_duplicate_root": (Verdict.DUPLICATE_FIELD, "bundle"),
    "bad_truncated_metadata": (Verdict.MALFORMED, "bundle"),
    "bad_empty_file": (Verdict.MISSING_ROLE_METADATA, TARGETS),
    "bad_huge_length": (Verdict.MALFORMED, "bundle"),
    "bad_targets_metadata_renamed": (Verdict.UNEXPECTED_FIELD, "bundle"),
}


def judge(case: dict[str, Any]) -> None:
    trusted = read_trusted_root(str(VECTORS / case["trusted_root"]))
    manifest = case.get("installed")
    installed = read_installed(str(VECTORS / manifest)).release if manifest else None
    with open(VECTORS / case["bundle"], "rb") as bundle:
        device = Device(trusted, installed, None, parse_date(case["at"], "at"))
        verify_bundle(bundle.fileno(), device)


def test_every_case_is_known() -> None:
    names = {case["name"] for case in CASES}
    assert {case["verdict"] for case in CASES} == {"accept", "reject"}
    assert {case["name"] for case in CASES if case["verdict"] == "reject"} == set(REASONS)
    assert names == {path.stem for path in VECTORS.glob("*.bundle")}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    if case["verdict"] == "accept":
        judge(case)
        return
    with pytest.raises(Refused) as caught:
        judge(case)
    assert (caught.value.verdict, caught.value.subject) == REASONS[case["name"]], case["why"]


def test_a_bad_anchor_is_the_users_fault() -> None:
    with pytest.raises(InputError, match=r"good\.bundle: no root to trust"):
        read_trusted_root(str(VECTORS / "good.bundle"))
