"""Tests of targets.py: versions, expiry, and what was not checked."""

import pytest

from software_update.format import metadata
from software_update.format.metadata import Targets
from software_update.format.verdicts import Verdict
from software_update.testing import encode as e
from software_update.testing.judge import (
    ACCEPT,
    APP,
    NOW,
    TARGETS,
    TWO,
    refusal_of,
    release_of,
    with_targets,
)
from software_update.testing.signers import (
    TARGETS_KEY,
    key_id,
)


def test_a_good_release() -> None:
    release = release_of(e.bundle(TWO, version=7))
    assert release.targets.common.version == 7
    assert [each.name for each in release.targets.targets] == ["app", "boot"]
    assert release.signers == (key_id(TARGETS_KEY),)
    assert release.root.common.version == 1


def test_the_same_release_again() -> None:
    targets = e.targets(APP, 3)
    again = e.targets_entry(e.signed(targets, TARGETS_KEY)) + e.payloads(APP)
    assert refusal_of(again, installed=e.manifest(targets)) == ACCEPT


def test_a_release_expires_at_its_second() -> None:
    bundle = e.bundle(APP, expires=NOW)
    assert refusal_of(bundle, at=NOW - 1) == ACCEPT
    assert refusal_of(bundle, at=NOW) == (Verdict.TARGETS_EXPIRED, *TARGETS)
    assert refusal_of(bundle, at=NOW + 1) == (Verdict.TARGETS_EXPIRED, *TARGETS)
    assert refusal_of(bundle) == ACCEPT


def test_nanoseconds_count() -> None:
    bundle = with_targets(e.targets(TWO, expires=NOW, nanos=1))
    assert refusal_of(bundle, at=NOW) == ACCEPT
    assert refusal_of(bundle, at=NOW + 1) == (Verdict.TARGETS_EXPIRED, *TARGETS)


def test_expired_before_1970() -> None:
    bundle = with_targets(e.targets(TWO, expires=2**64 - 1))
    assert refusal_of(bundle, at=0) == (Verdict.TARGETS_EXPIRED, *TARGETS)


def test_rollback_and_mix_up() -> None:
    installed = e.manifest(e.targets(APP, 5))
    assert refusal_of(e.bundle(APP, version=6), installed=installed) == ACCEPT
    assert refusal_of(e.bundle(APP, version=4), installed=installed) == (
        Verdict.TARGETS_ROLLBACK,
        *TARGETS,
    )
    other_content = e.bundle({"app": b"other"}, version=5)
    other_expires = e.bundle(APP, version=5, expires=NOW)
    for bundle in (other_content, other_expires):
        assert refusal_of(bundle, installed=installed) == (Verdict.TARGETS_MIX_UP, *TARGETS)


def test_unsigned_targets_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing 32 MiB of metadata can take 2 GiB of memory."""

    def parse(serialized: bytes) -> Targets:
        raise AssertionError

    monkeypatch.setattr(metadata, "parse_targets", parse)
    unsigned = e.targets_entry(e.signed(e.targets(TWO)))
    assert refusal_of(unsigned)[0] == Verdict.THRESHOLD_NOT_MET
    wrong_role = e.targets_entry(e.signed(e.targets_of(e.common("root"), [])))
    assert refusal_of(wrong_role)[0] == Verdict.WRONG_ROLE
