"""Tests of signed_content.py. cli/render/requests_test.py describes thousands of changed metadata."""

from software_update.signing.signed_content import describe
from software_update.signing.signing_request import parse_request
from software_update.testing import encode as e
from software_update.testing.changes import ROOT, TARGETS
from software_update.testing.signers import STRANGER, key_id


def test_targets_are_described_with_all_hashes() -> None:
    said = describe(parse_request(TARGETS).content)
    assert (said["role"], said["version"], said["canonical"]) == ("targets", 7, True)
    assert (said["expires"], said["expires_nanoseconds"]) == ("2031-01-01T00:00:00Z", 5)
    assert said["summary"]["targets"][0] == {
        "name": "app",
        "length": 8,
        "sha256": "00" * 32,
        "other_hashes": [{"function": 2, "hash": b"other".hex()}],
    }


def test_root_is_described_with_the_roles_that_no_device_uses() -> None:
    said = describe(parse_request(ROOT).content)
    summary = said["summary"]
    assert said["canonical"]
    assert summary["timestamp"] == {"threshold": 1, "key_ids": [key_id(STRANGER).hex()]}
    assert summary["snapshot"] == {"threshold": 3, "key_ids": []}
    assert summary["other_keys"] == [key_id(STRANGER).hex()]
    assert summary["consistent_snapshot"]


def test_unknown_field_at_the_end_is_canonical_and_described() -> None:
    unknown = e.blob(100, b"secret")
    said = describe(parse_request(TARGETS + unknown).content)
    assert said["canonical"]
    assert [each["number"] for each in said["unknown_fields"]] == [100]
    moved = describe(parse_request(unknown + TARGETS).content)
    assert not moved["canonical"]
    assert moved["unknown_fields"] == said["unknown_fields"]
