"""Tests of what the verifier does with release manifests and revoked keys."""

import pytest

from software_update.format import limits, metadata
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.format.verdicts import Verdict
from software_update.testing import encode as e
from software_update.testing.judge import (
    TARGETS,
    TRUSTED_ROOT,
    refusal_of,
    release_of,
)
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, TARGETS_KEY_2
from software_update.verify.device import Device
from software_update.verify.roots import trust_root
from software_update.verify.targets import not_checked

ACCEPT = (Verdict.ACCEPT, "", "")
APP = {"app": b"application"}
OTHER_FILE = b"not ours"


def manifest(counter: int, *, minimum: int | None = None, hardware: tuple[str, ...] = ()) -> bytes:
    return build_release(ReleaseManifest("blinky", "1.0", counter, hardware, minimum))


def contents(user_manifest: bytes | None) -> dict[str, bytes]:
    return APP if user_manifest is None else {**APP, "user_manifest": user_manifest}


def bundle(user_manifest: bytes | None, version: int = 2) -> bytes:
    return e.bundle(contents(user_manifest), version=version)


def installed(user_manifest: bytes | None, version: int = 1) -> bytes:
    return e.manifest(e.targets(contents(user_manifest), version), user_manifest)


@pytest.mark.parametrize(
    ("new", "old", "verdict"),
    [
        (manifest(7), manifest(7), Verdict.ACCEPT),
        (manifest(8), manifest(7), Verdict.ACCEPT),
        (manifest(6), manifest(7), Verdict.RELEASE_ROLLBACK),
        # No way out of the counter.
        (None, manifest(7), Verdict.RELEASE_ROLLBACK),
        (OTHER_FILE, manifest(7), Verdict.RELEASE_ROLLBACK),
        # The first one that has a counter.
        (manifest(1), None, Verdict.ACCEPT),
        (manifest(1), OTHER_FILE, Verdict.ACCEPT),
        # Stepping stones.
        (manifest(9, minimum=7), manifest(7), Verdict.ACCEPT),
        (manifest(9, minimum=8), manifest(7), Verdict.RELEASE_GAP),
        (manifest(9, minimum=1), OTHER_FILE, Verdict.RELEASE_GAP),
        (manifest(6, minimum=8), manifest(7), Verdict.RELEASE_ROLLBACK),
    ],
)
def test_the_counter(new: bytes | None, old: bytes | None, verdict: Verdict) -> None:
    about = TARGETS if verdict != Verdict.ACCEPT else ("", "")
    assert refusal_of(bundle(new), installed=installed(old)) == (verdict, *about)


def test_a_user_manifest_that_is_too_large_to_be_read() -> None:
    most = bundle(bytes(limits.MAX_USER_MANIFEST_BYTES))
    assert refusal_of(most) == ACCEPT
    more = bundle(bytes(limits.MAX_USER_MANIFEST_BYTES + 1))
    assert refusal_of(more) == (Verdict.TOO_LARGE, "targets", "target 'user_manifest'")


def test_a_device_must_have_the_user_manifest_itself() -> None:
    same = manifest(7)
    new = e.targets_entry(e.signed(e.targets(contents(same), 2), TARGETS_KEY)) + e.payloads(APP)
    listed_only = e.manifest(e.targets(contents(same), 1))
    refusal = refusal_of(new, installed=listed_only)
    assert refusal == (Verdict.MISSING_PAYLOAD, "targets", "target 'user_manifest'")


def test_counter_is_not_compared_without_an_installed_manifest() -> None:
    assert refusal_of(bundle(manifest(9, minimum=8))) == ACCEPT


@pytest.mark.parametrize(
    ("hardware", "device", "verdict"),
    [
        (("a", "b"), "a", Verdict.ACCEPT),
        (("a", "b"), "b", Verdict.ACCEPT),
        (("a", "b"), "A", Verdict.WRONG_HARDWARE),
        (("a", "b"), "", Verdict.WRONG_HARDWARE),
        (("a", "b"), None, Verdict.ACCEPT),
        ((), "a", Verdict.ACCEPT),
    ],
)
def test_hardware(hardware: tuple[str, ...], device: str | None, verdict: Verdict) -> None:
    new = bundle(manifest(1, hardware=hardware))
    assert refusal_of(new, hardware_id=device)[0] == verdict


def test_a_content_that_claims_to_be_a_release_manifest_must_be_one() -> None:
    refusal = refusal_of(bundle(manifest(1)[:-2]))
    assert refusal == (Verdict.MALFORMED, "targets", "release manifest")


def test_a_manifest_that_is_not_as_listed_is_not_read() -> None:
    metadata_ = e.targets_entry(e.signed(e.targets(contents(manifest(7))), TARGETS_KEY))
    lie = e.payloads({**APP, "user_manifest": manifest(9)})
    assert refusal_of(metadata_ + lie)[0] == Verdict.HASH_MISMATCH
    # No counter that anyone signed: the floor holds.
    assert refusal_of(metadata_ + lie, installed=installed(manifest(5), 1))[0] in (
        Verdict.RELEASE_ROLLBACK,
        Verdict.TARGETS_MIX_UP,
    )


def test_a_manifest_that_is_left_out_is_the_installed_one() -> None:
    same = manifest(7, hardware=("a",))
    new = e.targets_entry(e.signed(e.targets(contents(same), 2), TARGETS_KEY)) + e.payloads(APP)
    assert refusal_of(new, installed=installed(same)) == ACCEPT
    refusal = refusal_of(new, installed=installed(same), hardware_id="b")
    assert refusal == (Verdict.WRONG_HARDWARE, *TARGETS)


def test_the_result_says_which_manifest_was_read() -> None:
    release = release_of(bundle(manifest(7)), installed=installed(None))
    assert release.manifest == ReleaseManifest("blinky", "1.0", 7)
    assert release.user_manifest == manifest(7)
    kept = metadata.parse_manifest(
        metadata.build_manifest(release.targets, release.user_manifest, release.root.id)
    )
    assert kept.release == release.manifest


# Fast-forward recovery

THIEF = 2**32 - 1


def rotated(targets_keys: list[int], user_manifest: bytes | None, by: int) -> bytes:
    root = e.signed(e.root(2, targets_keys=targets_keys), ROOT_KEY)
    return e.bundle(contents(user_manifest), version=2, signed_root=root, signers=(by,))


@pytest.mark.parametrize(
    ("keys", "by", "verdict"),
    [
        # Revoked: versions start again.
        ([TARGETS_KEY_2], TARGETS_KEY_2, Verdict.ACCEPT),
        # The old key may still sign: nothing is forgiven.
        ([TARGETS_KEY, TARGETS_KEY_2], TARGETS_KEY_2, Verdict.TARGETS_ROLLBACK),
    ],
)
def test_versions_start_again_when_a_key_is_revoked(
    keys: list[int], by: int, verdict: Verdict
) -> None:
    assert refusal_of(rotated(keys, None, by), installed=installed(None, THIEF))[0] == verdict


def test_the_same_version_by_a_revoked_key_is_not_a_mix_up() -> None:
    assert (
        refusal_of(
            rotated([TARGETS_KEY_2], OTHER_FILE, TARGETS_KEY_2), installed=installed(None, 2)
        )
        == ACCEPT
    )


def test_release_counter_stays_in_force_after_a_rotation() -> None:
    old = installed(manifest(7), THIEF)
    new = rotated([TARGETS_KEY_2], manifest(6), TARGETS_KEY_2)
    assert refusal_of(new, installed=old) == (Verdict.RELEASE_ROLLBACK, *TARGETS)
    assert refusal_of(rotated([TARGETS_KEY_2], manifest(7), TARGETS_KEY_2), installed=old) == ACCEPT


# What was not checked


def test_everything_known() -> None:
    release = release_of(bundle(manifest(7, hardware=("a",))), installed=installed(None))
    device = Device(trust_root(TRUSTED_ROOT), metadata.parse_manifest(installed(None)), "a", 0)
    assert not_checked(device, release) == [
        "root of the installed release: not stated; assumed: trusted root 1"
    ]


def test_not_checked_lists_unknown_facts() -> None:
    device = Device(trust_root(TRUSTED_ROOT))
    assert not_checked(device, release_of(bundle(None))) == [
        "expiry: no time was given",
        "rollback: no installed manifest was given",
        "hardware: no hardware id was given",
    ]


def test_not_checked_lists_facts_that_the_release_does_not_state() -> None:
    device = Device(
        trust_root(TRUSTED_ROOT), metadata.parse_manifest(installed(None, THIEF)), "a", 0
    )
    release = release_of(
        rotated([TARGETS_KEY_2], None, TARGETS_KEY_2), installed=installed(None, THIEF)
    )
    assert not_checked(device, release) == [
        "rollback of the targets version: root 2 removed targets keys of root 1, at least its "
        "threshold of 1",
        "root of the installed release: not stated; assumed: trusted root 1",
        "release counter: the release has no release manifest",
        "hardware: the release does not say what it is for",
    ]
