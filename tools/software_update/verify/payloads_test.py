"""Tests of payloads.py."""

import pytest

from software_update.bundle import decompress
from software_update.format.verdicts import Verdict
from software_update.testing import encode as e
from software_update.testing import zstd_frames
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


STORED = zstd_frames.stored(b"application")


def compressed(listed: bytes, payload: bytes | None = STORED) -> bytes:
    metadata = e.targets_of(e.common("targets", 2), [listed])
    entry = b"" if payload is None else e.payload("app", payload)
    return e.targets_entry(e.signed(metadata, TARGETS_KEY)) + entry


def test_compressed_payload() -> None:
    good = e.compressed("app", STORED, b"application")
    app = ("targets", "target 'app'")
    assert refusal_of(compressed(good)) == ACCEPT
    assert refusal_of(compressed(good, STORED + b"!")) == (Verdict.LENGTH_MISMATCH, *app)
    assert refusal_of(compressed(good, STORED[:-1] + b"m")) == (Verdict.HASH_MISMATCH, *app)
    other = e.compressed("app", STORED, b"applicatiom")
    assert refusal_of(compressed(other)) == (Verdict.DECOMPRESSION_FAILED, *app)


def test_bytes_that_are_not_signed_are_not_decompressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompress, "check_frame", None)
    good = e.compressed("app", STORED, b"application")
    assert refusal_of(compressed(good, STORED[:-1] + b"m"))[0] == Verdict.HASH_MISMATCH


def test_unknown_compression_is_refused_with_or_without_the_payload() -> None:
    unknown = e.compressed("app", STORED, b"application", algorithm=2)
    refused = (Verdict.DECOMPRESSION_FAILED, "targets", "target 'app'")
    assert refusal_of(compressed(unknown)) == refused
    installed = e.manifest(e.targets({"app": b"application"}))
    assert refusal_of(compressed(unknown, None), installed=installed) == refused


def test_left_out_payload_is_compared_before_compression() -> None:
    bundle = compressed(e.compressed("app", STORED, b"application"), None)
    same = e.manifest(e.targets({"app": b"application"}))
    same_compressed = e.manifest(
        e.targets_of(e.common("targets"), [e.compressed("app", b"other bytes", b"application")])
    )
    stored = e.manifest(e.targets({"app": STORED}))
    assert refusal_of(bundle, installed=same) == ACCEPT
    assert refusal_of(bundle, installed=same_compressed) == ACCEPT
    assert refusal_of(bundle, installed=stored)[0] == Verdict.MISSING_PAYLOAD
