"""Tests of quorum.py: signatures that count, and reasons why others do not."""

import pytest

from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.judge import (
    ACCEPT,
    APP,
    TARGETS,
    TWO,
    refusal_of,
    release_of,
    with_targets,
)
from software_update.testing.signers import (
    ROOT_KEY,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    TARGETS_KEY_3,
    key_id,
)


def test_signatures_that_do_not_count_do_no_harm() -> None:
    targets = e.targets(APP)
    bad = e.blob(1, key_id(TARGETS_KEY)) + e.blob(2, bytes(64))
    signatures = [
        e.signature(targets, STRANGER),
        e.blob(1, b"short id") + e.blob(2, b"short"),
        bad,
        e.signature(targets, TARGETS_KEY),
    ]
    bundle = e.targets_entry(e.signed_of(targets, signatures)) + e.payloads(APP)
    assert release_of(bundle).signers == (key_id(TARGETS_KEY),)


def test_two_of_three() -> None:
    keys = [TARGETS_KEY, TARGETS_KEY_2, TARGETS_KEY_3]
    trusted = e.signed(e.root(1, [ROOT_KEY], keys, 1, 2), ROOT_KEY)
    not_met = (Verdict.THRESHOLD_NOT_MET, *TARGETS)
    for signers, expected in [
        ((TARGETS_KEY, TARGETS_KEY_3), ACCEPT),
        ((TARGETS_KEY_3, TARGETS_KEY_2, TARGETS_KEY), ACCEPT),
        ((TARGETS_KEY,), not_met),
        ((TARGETS_KEY, TARGETS_KEY), not_met),
        ((TARGETS_KEY, STRANGER), not_met),
        ((TARGETS_KEY, ROOT_KEY), not_met),
    ]:
        assert refusal_of(with_targets(e.targets(TWO), *signers), trusted=trusted) == expected


def test_details_list_the_fault_of_each_signature() -> None:
    targets = e.targets(APP)
    trusted = e.signed(
        e.root(1, [ROOT_KEY], [TARGETS_KEY, TARGETS_KEY_2, TARGETS_KEY_3], 1, 3), ROOT_KEY
    )
    signatures = [
        e.signature(targets, TARGETS_KEY),
        e.signature(targets, TARGETS_KEY),
        e.signature(targets, STRANGER),
        e.blob(1, key_id(TARGETS_KEY_2)) + e.blob(2, bytes(64)),
        e.blob(1, key_id(TARGETS_KEY_3)) + e.blob(2, bytes(71)),
    ]
    with pytest.raises(Refused) as caught:
        release_of(e.targets_entry(e.signed_of(targets, signatures)), trusted=trusted)
    ids = [
        key_id(each).hex()[:16] for each in (TARGETS_KEY, STRANGER, TARGETS_KEY_2, TARGETS_KEY_3)
    ]
    assert caught.value.detail == (
        "1 of 3 signatures that the root's keys must give "
        f"({ids[0]} repeated, {ids[1]} unknown key, {ids[2]} bad signature, "
        f"{ids[3]} bad signature of 71 bytes)"
    )
