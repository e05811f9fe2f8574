"""Tests of roots.py: keys and thresholds of roots, and the way from the trusted root to another."""

import pytest

from software_update.format import limits
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.judge import (
    ACCEPT,
    APP,
    ENVELOPE,
    NOW,
    ROOT,
    TARGETS,
    TWO,
    generation,
    refusal_of,
    release_of,
    signed_root,
    with_root,
    with_targets,
)
from software_update.testing.signers import (
    ROOT_KEY,
    ROOT_KEY_2,
    ROOT_KEY_3,
    STRANGER,
    TARGETS_KEY,
    key_id,
    mirrored,
    signer,
)
from software_update.verify.roots import check_root, trust_root


def test_bundle_without_a_root_keeps_the_trusted_root() -> None:
    assert refusal_of(with_targets(e.targets(TWO))) == ACCEPT


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


def test_bad_roots_give_each_verdict_of_keys_and_thresholds() -> None:
    assert {verdict for _, verdict in BAD_ROOTS.values()} == {
        Verdict.INVALID_KEY,
        Verdict.KEY_ID_MISMATCH,
        Verdict.KEY_TYPE_MISMATCH,
        Verdict.SHARED_KEY,
        Verdict.THRESHOLD_INVALID,
        Verdict.TOO_LARGE,
    }


def test_a_root_may_list_keys_of_no_role() -> None:
    assert refusal_of(with_root(root_of([*GOOD_KEYS, e.key(STRANGER)]))) == ACCEPT


@pytest.mark.parametrize(
    "name", [name for name, case in BAD_ROOTS.items() if case[1] != Verdict.THRESHOLD_INVALID]
)
def test_rejects_a_trusted_root_with_bad_keys(name: str) -> None:
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


def test_trusted_root_needs_no_signature() -> None:
    assert trust_root(e.signed(e.root(5))).common.version == 5


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


def test_rejects_a_chain_without_a_root_at_its_end() -> None:
    link = e.signed(e.root(2), ROOT_KEY)
    signed_targets = e.signed(e.targets({"app": b"x"}), TARGETS_KEY)
    bundle = e.chain(link) + e.targets_entry(signed_targets) + e.payload("app", b"x")
    expected = (Verdict.MISSING_ROLE_METADATA, "root", "root metadata")
    assert refusal_of(bundle) == expected


def test_too_many_keys_in_a_role() -> None:
    ids = [bytes([index]) * 32 for index in range(limits.MAX_KEYS + 1)]
    root = e.root_of(
        e.common("root"),
        [e.key(ROOT_KEY), e.key(TARGETS_KEY)],
        e.role([key_id(ROOT_KEY)]),
        e.role(ids),
    )
    bundle = e.bundle({"app": b"x"}, signed_root=e.signed(root, ROOT_KEY))
    assert refusal_of(bundle) == (Verdict.TOO_LARGE, "root", "root metadata")
