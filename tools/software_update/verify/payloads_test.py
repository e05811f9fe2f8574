"""Tests of payloads.py."""

from software_update.format.verdicts import Verdict
from software_update.testing import encode as e
from software_update.testing.judge import ACCEPT, APP, TWO, refusal_of
from software_update.testing.signers import (
    TARGETS_KEY,
)


def test_empty_payloads() -> None:
    assert refusal_of(e.bundle({"app": b"", "boot": b""})) == ACCEPT


def test_a_personalized_bundle() -> None:
    bundle = e.targets_entry(e.signed(e.targets(TWO, 2), TARGETS_KEY)) + e.payloads(APP)
    missing = (Verdict.MISSING_PAYLOAD, "targets", "target 'boot'")
    has_boot = e.manifest(e.targets({"boot": TWO["boot"]}))
    other_name = e.manifest(e.targets({"BOOT": TWO["boot"]}))
    other_boot = e.manifest(e.targets({"boot": b"another..."}))
    assert refusal_of(bundle, installed=has_boot) == ACCEPT
    assert refusal_of(bundle) == missing
    assert refusal_of(bundle, installed=other_name) == missing
    assert refusal_of(bundle, installed=other_boot) == missing


def test_payloads_are_judged_in_the_order_of_the_bundle() -> None:
    metadata = e.targets_entry(e.signed(e.targets(TWO), TARGETS_KEY))
    app, boot = e.payload("app", b"Application"), e.payload("boot", b"x")
    assert refusal_of(metadata + app + boot)[0] == Verdict.HASH_MISMATCH
    assert refusal_of(metadata + boot + app)[0] == Verdict.LENGTH_MISMATCH
