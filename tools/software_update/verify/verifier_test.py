"""Tests of the verifier: each verdict, what it is about, and which of two faults decides."""

import hashlib
from itertools import pairwise

import pytest

from software_update.format import limits, metadata
from software_update.format.metadata import Targets, parse_signed
from software_update.format.release_manifest import ReleaseManifest, build_release
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.judge import TRUSTED_ROOT, refusal_of, release_of
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    STRANGER,
    TARGETS_KEY,
    TARGETS_KEY_2,
    TARGETS_KEY_3,
    key_id,
    mirrored,
    signer,
)
from software_update.verify.device import Device
from software_update.verify.roots import check_root, trust_root, verify_roots
from software_update.verify.targets import verify_targets

APP = {"app": b"application"}
TWO = {"app": b"application", "boot": b"bootloader"}
NOW = 1_800_000_000
ACCEPT = (Verdict.ACCEPT, "", "")
ROOT = ("root", "root metadata")
TARGETS = ("targets", "targets metadata")
ENVELOPE = ("", "bundle")


def with_targets(targets: bytes, *signers: int, root: bytes = b"") -> bytes:
    """A bundle of targets metadata as given, and the payloads of TWO."""
    signed = e.signed(targets, *(signers or (TARGETS_KEY,)))
    return root + e.targets_entry(signed) + e.payloads(TWO)


def with_root(signed_root: bytes, *signers: int, contents: dict[str, bytes] | None = None) -> bytes:
    return e.bundle(contents or APP, signed_root=signed_root, signers=signers or (TARGETS_KEY,))


def targets_list(*files: bytes, common: bytes | None = None) -> bytes:
    return with_targets(e.targets_of(common or e.common("targets"), files))


# Accepted


def test_a_good_release() -> None:
    release = release_of(e.bundle(TWO, version=7))
    assert release.targets.common.version == 7
    assert [each.name for each in release.targets.targets] == ["app", "boot"]
    assert release.signers == (key_id(TARGETS_KEY),)
    assert release.root.common.version == 1


@pytest.mark.parametrize("order", ["534", "543", "345", "354", "435", "453"])
def test_any_order_of_the_envelope(order: str) -> None:
    parts = {
        "5": e.root_entry(TRUSTED_ROOT),
        "3": e.targets_entry(e.signed(e.targets(TWO), TARGETS_KEY)),
        "4": e.payload("boot", TWO["boot"]) + e.payload("app", TWO["app"]),
    }
    assert refusal_of(b"".join(parts[each] for each in order)) == ACCEPT


def test_no_root_keeps_the_trusted_one() -> None:
    assert refusal_of(with_targets(e.targets(TWO))) == ACCEPT


def test_a_value_may_stand_before_its_name() -> None:
    signed = e.signed(e.targets(APP), TARGETS_KEY)
    bundle = e.blob(3, e.blob(2, signed) + e.text(1, "targets"))
    bundle += e.blob(4, e.blob(2, APP["app"]) + e.text(1, "app"))
    assert refusal_of(bundle) == ACCEPT


def test_empty_payloads() -> None:
    assert refusal_of(e.bundle({"app": b"", "boot": b""})) == ACCEPT


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


def test_the_same_release_again() -> None:
    targets = e.targets(APP, 3)
    again = e.targets_entry(e.signed(targets, TARGETS_KEY)) + e.payloads(APP)
    assert refusal_of(again, installed=e.manifest(targets)) == ACCEPT


# Refused. Each: a bundle, what it is judged from, and the answer.

SIGNED_TARGETS = e.targets_entry(e.signed(e.targets(APP), TARGETS_KEY))
REFUSED: dict[str, tuple[bytes, Verdict, tuple[str, str]]] = {
    # The envelope.
    "cut off": (e.bundle(APP)[:-1], Verdict.MALFORMED, ENVELOPE),
    "a byte too many": (e.bundle(APP) + b"\0", Verdict.MALFORMED, ENVELOPE),
    "timestamp": (e.blob(1, b"") + e.bundle(APP), Verdict.UNEXPECTED_FIELD, ENVELOPE),
    "snapshot": (e.bundle(APP) + e.blob(2, b""), Verdict.UNEXPECTED_FIELD, ENVELOPE),
    "unknown field": (e.bundle(APP) + e.blob(66, b""), Verdict.UNEXPECTED_FIELD, ENVELOPE),
    "a number": (e.bundle(APP) + e.number(3, 1), Verdict.UNEXPECTED_FIELD, ENVELOPE),
    "root twice": (
        e.root_entry(TRUSTED_ROOT) + e.bundle(APP),
        Verdict.DUPLICATE_FIELD,
        ENVELOPE,
    ),
    "targets twice": (e.bundle(APP) + SIGNED_TARGETS, Verdict.DUPLICATE_FIELD, ENVELOPE),
    "payload twice": (
        e.bundle(APP) + e.payload("app", b"evil"),
        Verdict.DUPLICATE_FIELD,
        ENVELOPE,
    ),
    "targets by another name": (
        e.targets_entry(e.signed(e.targets(APP), TARGETS_KEY), "Targets"),
        Verdict.UNEXPECTED_FIELD,
        ENVELOPE,
    ),
    "a long root": (
        e.root_entry(bytes(limits.MAX_ROOT_METADATA_BYTES + 1)),
        Verdict.TOO_LARGE,
        ENVELOPE,
    ),
    # The form of metadata.
    "no targets metadata": (
        e.root_entry(TRUSTED_ROOT) + e.payloads(APP),
        Verdict.MISSING_ROLE_METADATA,
        TARGETS,
    ),
    "targets that are none": (e.targets_entry(b"\xff"), Verdict.MALFORMED, TARGETS),
    "root that is none": (with_root(b"\xff"), Verdict.MALFORMED, ROOT),
    "next to signed targets": (
        e.targets_entry(e.signed(e.targets(APP), TARGETS_KEY) + e.number(9, 1)),
        Verdict.UNEXPECTED_FIELD,
        TARGETS,
    ),
    "next to a signed root": (
        with_root(TRUSTED_ROOT + e.number(9, 1)),
        Verdict.UNEXPECTED_FIELD,
        ROOT,
    ),
    "two signed contents": (
        e.targets_entry(e.blob(1, e.targets(TWO)) + e.signed(e.targets(APP), TARGETS_KEY)),
        Verdict.DUPLICATE_FIELD,
        TARGETS,
    ),
    "doubled inside": (
        with_targets(e.targets(TWO) + e.blob(1, e.common("targets", 9))),
        Verdict.DUPLICATE_FIELD,
        TARGETS,
    ),
    "no role": (targets_list(common=e.common(None)), Verdict.WRONG_ROLE, TARGETS),
    "root's role": (targets_list(common=e.common("root")), Verdict.WRONG_ROLE, TARGETS),
    "spec version": (
        targets_list(common=e.common("targets", spec="2.0.0")),
        Verdict.UNSUPPORTED_SPEC_VERSION,
        TARGETS,
    ),
    "version zero": (
        targets_list(common=e.common("targets", 0)),
        Verdict.INVALID_VERSION,
        TARGETS,
    ),
    "a date that is none": (
        targets_list(common=e.common("targets", expires=2**62)),
        Verdict.MALFORMED,
        TARGETS,
    ),
    # Signatures.
    "unsigned": (e.targets_entry(e.signed(e.targets(APP))), Verdict.THRESHOLD_NOT_MET, TARGETS),
    "a stranger": (with_targets(e.targets(TWO), STRANGER), Verdict.THRESHOLD_NOT_MET, TARGETS),
    "the root key": (with_targets(e.targets(TWO), ROOT_KEY), Verdict.THRESHOLD_NOT_MET, TARGETS),
    "many signatures": (
        with_targets(e.targets(TWO), *[TARGETS_KEY] * (limits.MAX_SIGNATURES + 1)),
        Verdict.TOO_LARGE,
        TARGETS,
    ),
    "root by a stranger": (
        with_root(e.signed(e.root(2, [STRANGER]), STRANGER)),
        Verdict.THRESHOLD_NOT_MET,
        ROOT,
    ),
    "root without its own key": (
        with_root(e.signed(e.root(2, [ROOT_KEY_2]), ROOT_KEY)),
        Verdict.THRESHOLD_NOT_MET,
        ROOT,
    ),
    "the same root, unsigned": (with_root(e.signed(e.root())), Verdict.THRESHOLD_NOT_MET, ROOT),
    "root by the targets key": (
        with_root(e.signed(e.root(2), TARGETS_KEY)),
        Verdict.THRESHOLD_NOT_MET,
        ROOT,
    ),
    # Versions of the root.
    "root gap": (with_root(e.signed(e.root(3), ROOT_KEY)), Verdict.ROOT_VERSION_GAP, ROOT),
    "root mix-up": (
        with_root(e.signed(e.root(1, targets_keys=[TARGETS_KEY_2]), ROOT_KEY), TARGETS_KEY_2),
        Verdict.ROOT_MIX_UP,
        ROOT,
    ),
    # The list of targets.
    "no targets": (targets_list(), Verdict.NO_TARGETS, TARGETS),
    "unsafe name": (
        targets_list(e.target("../app", b"")),
        Verdict.UNSAFE_NAME,
        ("targets", "target '../app'"),
    ),
    "escapes in a name": (
        targets_list(e.target("\x1b[2J\n", b"")),
        Verdict.UNSAFE_NAME,
        ("targets", "target '\\x1b[2J\\n'"),
    ),
    "listed twice": (
        targets_list(e.target("app", b""), e.target("app", b"")),
        Verdict.DUPLICATE_TARGET,
        ("targets", "target 'app'"),
    ),
    "listed in two cases": (
        targets_list(e.target("app", b""), e.target("APP", b"")),
        Verdict.DUPLICATE_TARGET,
        ("targets", "target 'APP'"),
    ),
    "no hash": (
        targets_list(e.target_of("app", 1, [])),
        Verdict.HASH_UNSUPPORTED,
        ("targets", "target 'app'"),
    ),
    # Payloads.
    "longer": (
        SIGNED_TARGETS + e.payload("app", APP["app"] + b"!"),
        Verdict.LENGTH_MISMATCH,
        ("targets", "target 'app'"),
    ),
    "changed": (
        SIGNED_TARGETS + e.payload("app", b"Application"),
        Verdict.HASH_MISMATCH,
        ("targets", "target 'app'"),
    ),
    "missing": (SIGNED_TARGETS, Verdict.MISSING_PAYLOAD, ("targets", "target 'app'")),
    "unlisted": (
        e.bundle(APP) + e.payload("zz\x07", b"x"),
        Verdict.UNLISTED_PAYLOAD,
        ("targets", "target 'zz\\x07'"),
    ),
    "unlisted by case": (
        SIGNED_TARGETS + e.payloads({**APP, "APP": b"x"}),
        Verdict.UNLISTED_PAYLOAD,
        ("targets", "target 'APP'"),
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_refused(case: tuple[bytes, Verdict, tuple[str, str]]) -> None:
    bundle, verdict, about = case
    assert refusal_of(bundle) == (verdict, *about)


# Keys of an incoming root, and its thresholds


def root_of(
    keys: list[bytes], root_role: bytes | None = None, targets_role: bytes | None = None
) -> bytes:
    """An incoming root, signed by the trusted one's key."""
    return e.signed(
        e.root_of(
            e.common("root", 2),
            keys,
            root_role if root_role is not None else e.role([key_id(ROOT_KEY)]),
            targets_role if targets_role is not None else e.role([key_id(TARGETS_KEY)]),
        ),
        ROOT_KEY,
    )


GOOD_KEYS = [e.key(ROOT_KEY), e.key(TARGETS_KEY)]
R, T = key_id(ROOT_KEY), key_id(TARGETS_KEY)
MIRRORED_R = mirrored(signer(ROOT_KEY).public)
OFF_CURVE = b"\x04" + b"\1" * 64
POINT = signer(STRANGER).public.keyval
BAD_ROOTS = {
    "another id": (root_of([*GOOD_KEYS, e.key(STRANGER, id_=b"\1" * 32)]), Verdict.KEY_ID_MISMATCH),
    "short id": (root_of([*GOOD_KEYS, e.key(STRANGER, id_=T[:31])]), Verdict.KEY_ID_MISMATCH),
    "type 259": (root_of([*GOOD_KEYS, e.key(STRANGER, key_type=259)]), Verdict.KEY_ID_MISMATCH),
    "scheme 259": (root_of([*GOOD_KEYS, e.key(STRANGER, scheme=259)]), Verdict.KEY_ID_MISMATCH),
    "labelled Ed25519": (
        root_of([*GOOD_KEYS, e.key(STRANGER, key_type=2, scheme=2)]),
        Verdict.KEY_TYPE_MISMATCH,
    ),
    "another scheme": (root_of([*GOOD_KEYS, e.key(STRANGER, scheme=2)]), Verdict.KEY_TYPE_MISMATCH),
    "compressed": (
        root_of([*GOOD_KEYS, e.key_of(bytes([2 + POINT[-1] % 2]) + POINT[1:33])]),
        Verdict.INVALID_KEY,
    ),
    "empty keyval": (root_of([*GOOD_KEYS, e.key_of(b"")]), Verdict.KEY_TYPE_MISMATCH),
    "off the curve": (root_of([*GOOD_KEYS, e.key_of(OFF_CURVE)]), Verdict.INVALID_KEY),
    "listed twice": (root_of([*GOOD_KEYS, e.key(ROOT_KEY)]), Verdict.INVALID_KEY),
    "too many": (
        root_of([e.key(number) for number in range(100, 100 + limits.MAX_KEYS + 1)]),
        Verdict.TOO_LARGE,
    ),
    "one key for both": (root_of(GOOD_KEYS, e.role([R, T])), Verdict.SHARED_KEY),
    "a mirrored key for both": (
        root_of([*GOOD_KEYS, e.key_of(MIRRORED_R.keyval)], None, e.role([T, MIRRORED_R.key_id])),
        Verdict.SHARED_KEY,
    ),
    "root threshold 0": (root_of(GOOD_KEYS, e.role([R], 0)), Verdict.THRESHOLD_INVALID),
    "root threshold 2 of 1": (root_of(GOOD_KEYS, e.role([R], 2)), Verdict.THRESHOLD_INVALID),
    "root role without keys": (root_of(GOOD_KEYS, e.role([], 0)), Verdict.THRESHOLD_INVALID),
    "root key twice in the role": (
        root_of(GOOD_KEYS, e.role([R, R], 2)),
        Verdict.THRESHOLD_INVALID,
    ),
    "root key and its mirrored key": (
        root_of([*GOOD_KEYS, e.key_of(MIRRORED_R.keyval)], e.role([R, MIRRORED_R.key_id], 2)),
        Verdict.THRESHOLD_INVALID,
    ),
    "root key not there": (
        root_of(GOOD_KEYS, e.role([R, key_id(STRANGER)])),
        Verdict.THRESHOLD_INVALID,
    ),
    "targets threshold 0": (
        root_of(GOOD_KEYS, None, e.role([T], 0)),
        Verdict.THRESHOLD_INVALID,
    ),
    "targets threshold 2 of 1": (
        root_of(GOOD_KEYS, None, e.role([T], 2)),
        Verdict.THRESHOLD_INVALID,
    ),
    "targets key twice in the role": (
        root_of(GOOD_KEYS, None, e.role([T, T], 1)),
        Verdict.THRESHOLD_INVALID,
    ),
    "targets key not there": (
        root_of(GOOD_KEYS, None, e.role([key_id(STRANGER)])),
        Verdict.THRESHOLD_INVALID,
    ),
    "targets role absent": (root_of(GOOD_KEYS, None, b""), Verdict.THRESHOLD_INVALID),
}


@pytest.mark.parametrize("case", BAD_ROOTS.values(), ids=BAD_ROOTS)
def test_bad_roots(case: tuple[bytes, Verdict]) -> None:
    signed_root, verdict = case
    assert refusal_of(with_root(signed_root)) == (verdict, *ROOT)


def test_a_root_may_list_keys_of_no_role() -> None:
    assert refusal_of(with_root(root_of([*GOOD_KEYS, e.key(STRANGER)]))) == ACCEPT


@pytest.mark.parametrize(
    "name", [name for name, case in BAD_ROOTS.items() if case[1] != Verdict.THRESHOLD_INVALID]
)
def test_an_anchor_with_bad_keys_is_none(name: str) -> None:
    signed_root, verdict = BAD_ROOTS[name]
    with pytest.raises(Refused) as caught:
        trust_root(signed_root)
    assert caught.value.verdict == verdict


def test_details_name_mirrored_keys() -> None:
    details = []
    for name in ("a mirrored key for both", "root key and its mirrored key"):
        with pytest.raises(Refused) as caught:
            check_root(BAD_ROOTS[name][0])
        details.append(caught.value.detail)
    assert details == [
        f"key {MIRRORED_R.key_id.hex()[:16]} of the role targets mirrors key {R.hex()[:16]} "
        "of the role root",
        "its own role lists a key and its mirrored key, which are one",
    ]


def test_an_anchor_needs_no_signature() -> None:
    assert trust_root(e.signed(e.root(5))).common.version == 5


# Moving from root to root


def generation(version: int) -> list[int]:
    """Root key and targets key of a generation: other ones for each."""
    return [100 + version, 200 + version]


def signed_root(version: int, before: int | None = None) -> bytes:
    root_key, targets_key = generation(version)
    signers = [root_key] if before is None else [root_key, generation(before)[0]]
    return e.signed(e.root(version, [root_key], [targets_key]), *signers)


def moved(chain: list[bytes], incoming: bytes | None, release_by: int) -> bytes:
    return (
        e.chain(*chain)
        + (e.root_entry(incoming) if incoming is not None else b"")
        + e.targets_entry(e.signed(e.targets(APP), generation(release_by)[1]))
        + e.payloads(APP)
    )


def judged(bundle: bytes, trusted: int = 1) -> tuple[Verdict, str, str]:
    return refusal_of(bundle, trusted=signed_root(trusted))


def test_one_root_on() -> None:
    assert judged(moved([], signed_root(2, 1), 2)) == ACCEPT
    # The old targets key is gone with the old root.
    assert judged(moved([], signed_root(2, 1), 1)) == (Verdict.THRESHOLD_NOT_MET, *TARGETS)


def test_a_chain_of_roots() -> None:
    chain = [signed_root(2, 1), signed_root(3, 2), signed_root(4, 3)]
    bundle = moved(chain, signed_root(5, 4), 5)
    release = release_of(bundle, trusted=signed_root(1))
    assert release.root.common.version == 5
    # A device that is further on takes the same bundle.
    for trusted in (2, 3, 4, 5):
        assert judged(bundle, trusted) == ACCEPT
    assert judged(bundle, 6)[0] in (Verdict.THRESHOLD_NOT_MET, Verdict.ROOT_ROLLBACK)


def test_gaps_in_the_chain() -> None:
    by_one_and_two = e.signed(e.root(3, [generation(3)[0]], [generation(3)[1]]), 103, 101)
    assert judged(moved([], by_one_and_two, 3)) == (Verdict.ROOT_VERSION_GAP, *ROOT)
    assert judged(moved([by_one_and_two], signed_root(4, 3), 4)) == (
        Verdict.ROOT_VERSION_GAP,
        "root",
        "root 1 of the chain",
    )
    assert judged(moved([signed_root(2, 1)], signed_root(4, 3), 4)) == (
        Verdict.THRESHOLD_NOT_MET,
        *ROOT,
    )


def test_a_bad_link_is_named() -> None:
    chain = [signed_root(2, 1), e.signed(e.root(3, [103], [203]), 103)]
    assert judged(moved(chain, signed_root(4, 3), 4)) == (
        Verdict.THRESHOLD_NOT_MET,
        "root",
        "root 2 of the chain",
    )


def test_the_chain_may_lead_to_the_root_in_the_bundle_itself() -> None:
    assert judged(moved([signed_root(2, 1)], signed_root(2, 1), 2)) == ACCEPT


def test_root_rollback() -> None:
    two = e.signed(e.root(2), ROOT_KEY)
    assert refusal_of(e.bundle(APP), trusted=two) == (Verdict.ROOT_ROLLBACK, *ROOT)


def test_too_long_a_chain() -> None:
    link = e.chain(e.signed(e.root(), ROOT_KEY))
    long = link * limits.MAX_ROOT_CHAIN + e.bundle(APP)
    assert refusal_of(long) == ACCEPT
    assert refusal_of(link + long) == (Verdict.TOO_LARGE, *ENVELOPE)


def test_only_the_last_root_must_not_have_expired() -> None:
    old = e.signed(e.root(1, expires=NOW - 1), ROOT_KEY)
    link = e.signed(e.root(2, expires=NOW - 1), ROOT_KEY)
    last = e.signed(e.root(3, expires=NOW + 1), ROOT_KEY)
    bundle = e.chain(link) + e.bundle(APP, signed_root=last)
    assert refusal_of(bundle, trusted=old, at=NOW) == ACCEPT
    assert refusal_of(bundle, trusted=old, at=NOW + 1) == (Verdict.ROOT_EXPIRED, *ROOT)
    without = e.targets_entry(e.signed(e.targets(APP), TARGETS_KEY)) + e.payloads(APP)
    assert refusal_of(without, trusted=old, at=NOW) == (Verdict.ROOT_EXPIRED, *ROOT)
    assert refusal_of(without, trusted=old) == ACCEPT


def test_thresholds_of_both_roots() -> None:
    old = e.signed(e.root(1, [ROOT_KEY, ROOT_KEY_2], root_threshold=2), ROOT_KEY)
    new = e.root(2, [ROOT_KEY_2, ROOT_KEY_3], root_threshold=2)
    for signers, expected in [
        ((ROOT_KEY, ROOT_KEY_2, ROOT_KEY_3), ACCEPT),
        ((ROOT_KEY, ROOT_KEY_2), (Verdict.THRESHOLD_NOT_MET, *ROOT)),
        ((ROOT_KEY_2, ROOT_KEY_3), (Verdict.THRESHOLD_NOT_MET, *ROOT)),
    ]:
        assert refusal_of(with_root(e.signed(new, *signers)), trusted=old) == expected


# Time, and what is installed


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


# The order of checks: of two faults the first in this list decides.

LATER = NOW + 1


def faulty(*faults: str) -> bytes:
    """A bundle with these faults, and no other."""
    has = set(faults)
    common = e.common(
        "root" if "targets role" in has else "targets",
        1 if "targets rollback" in has else 5,
        expires=NOW if "targets expiry" in has else None,
    )
    name = "../app" if "unsafe name" in has else "app"
    user_manifest = build_release(
        ReleaseManifest(
            "product",
            "1.0",
            1 if "release rollback" in has else 3,
            ("other",) if "hardware" in has else ("board",),
            3 if "release gap" in has else None,
        )
    )
    files = [e.target(name, APP["app"]), e.target("boot", TWO["boot"]), e.target("core", b"core")]
    files.append(e.target("user_manifest", user_manifest))
    if "no hash" in has:
        files[1] = e.target_of("boot", 10, [])
    targets = e.targets_of(common, files)
    root = e.root(
        3 if "root gap" in has else 2,
        root_threshold=0 if "own threshold" in has else 1,
        expires=NOW if "root expiry" in has else None,
    )
    if "root keys" in has:
        root += e.blob(3, e.key(STRANGER, id_=bytes(32)))
    if "root form" in has:
        root += e.blob(1, b"")
    contents = {"app": APP["app"], "boot": TWO["boot"], "core": b"core"}
    contents["user_manifest"] = user_manifest
    if "payload hash" in has:
        contents["app"] = b"Application"
    if "payload length" in has:
        contents["boot"] = b"boot"
    if "missing payload" in has:
        del contents["core"]
    if "unlisted payload" in has:
        contents["aaa"] = b"x"
    return (
        e.root_entry(e.signed(root, STRANGER if "root signature" in has else ROOT_KEY))
        + e.targets_entry(
            e.signed(targets, STRANGER if "targets signature" in has else TARGETS_KEY)
        )
        + b"".join(e.payload(name, content) for name, content in contents.items())
        + (e.blob(77, b"") if "envelope" in has else b"")
    )


FAULTS = {
    "envelope": Verdict.UNEXPECTED_FIELD,
    "root form": Verdict.DUPLICATE_FIELD,
    "root keys": Verdict.KEY_ID_MISMATCH,
    "root signature": Verdict.THRESHOLD_NOT_MET,
    "own threshold": Verdict.THRESHOLD_INVALID,
    "root gap": Verdict.ROOT_VERSION_GAP,
    "root expiry": Verdict.ROOT_EXPIRED,
    "targets role": Verdict.WRONG_ROLE,
    "targets signature": Verdict.THRESHOLD_NOT_MET,
    "targets expiry": Verdict.TARGETS_EXPIRED,
    "targets rollback": Verdict.TARGETS_ROLLBACK,
    "release rollback": Verdict.RELEASE_ROLLBACK,
    "release gap": Verdict.RELEASE_GAP,
    "hardware": Verdict.WRONG_HARDWARE,
    "unsafe name": Verdict.UNSAFE_NAME,
    "no hash": Verdict.HASH_UNSUPPORTED,
    "payload hash": Verdict.HASH_MISMATCH,
    "payload length": Verdict.LENGTH_MISMATCH,
    "missing payload": Verdict.MISSING_PAYLOAD,
    "unlisted payload": Verdict.UNLISTED_PAYLOAD,
}


def judge_faulty(*faults: str) -> Verdict:
    counter = build_release(ReleaseManifest("product", "1.0", 2))
    installed = e.manifest(e.targets(APP, 4), counter)
    return refusal_of(faulty(*faults), installed=installed, hardware_id="board", at=LATER)[0]


def test_no_fault() -> None:
    assert judge_faulty() == Verdict.ACCEPT


@pytest.mark.parametrize("fault", FAULTS)
def test_each_single_fault(fault: str) -> None:
    assert judge_faulty(fault) == FAULTS[fault]


@pytest.mark.parametrize(("first", "second"), list(pairwise(FAULTS)))
def test_the_first_of_two_faults_decides(first: str, second: str) -> None:
    assert judge_faulty(second, first) == FAULTS[first]


def test_all_faults_but_one_after_another() -> None:
    """With all faults from any one on, that one decides."""
    faults = list(FAULTS)
    for index, fault in enumerate(faults):
        assert judge_faulty(*faults[index:]) == FAULTS[fault]


def test_payloads_are_judged_in_the_order_of_the_bundle() -> None:
    metadata = e.targets_entry(e.signed(e.targets(TWO), TARGETS_KEY))
    app, boot = e.payload("app", b"Application"), e.payload("boot", b"x")
    assert refusal_of(metadata + app + boot)[0] == Verdict.HASH_MISMATCH
    assert refusal_of(metadata + boot + app)[0] == Verdict.LENGTH_MISMATCH


def test_every_verdict_is_given_here() -> None:
    given = {case[1] for case in REFUSED.values()} | {case[1] for case in BAD_ROOTS.values()}
    given |= set(FAULTS.values()) | {Verdict.ACCEPT, Verdict.TARGETS_MIX_UP, Verdict.ROOT_ROLLBACK}
    assert given == set(Verdict)


def test_unsigned_targets_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing 32 MiB of metadata can take 2 GiB of memory."""

    def parse(serialized: bytes) -> Targets:
        raise AssertionError

    monkeypatch.setattr(metadata, "parse_targets", parse)
    unsigned = e.targets_entry(e.signed(e.targets(TWO)))
    assert refusal_of(unsigned)[0] == Verdict.THRESHOLD_NOT_MET
    wrong_role = e.targets_entry(e.signed(e.targets_of(e.common("root"), [])))
    assert refusal_of(wrong_role)[0] == Verdict.WRONG_ROLE


def test_too_many_targets() -> None:
    device = Device(trust_root(TRUSTED_ROOT))
    trusted = verify_roots(device, (), None)
    digest = [(1, hashlib.sha256(b"").digest())]
    files = [e.target_of(f"t{index}", 0, digest) for index in range(limits.MAX_TARGETS + 1)]
    for count, verdict in ((limits.MAX_TARGETS, None), (limits.MAX_TARGETS + 1, Verdict.TOO_LARGE)):
        signed = e.signed(e.targets_of(e.common("targets"), files[:count]), TARGETS_KEY)
        assert parse_signed("targets", signed).signatures
        if verdict is None:
            verify_targets(device, trusted, signed, None)
        else:
            with pytest.raises(Refused) as caught:
                verify_targets(device, trusted, signed, None)
            assert caught.value.verdict == verdict
