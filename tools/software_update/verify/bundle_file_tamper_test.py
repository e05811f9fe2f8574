"""Tests that the verifier rejects every change of a good bundle, with a verdict."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from software_update.format import metadata
from software_update.format.verdicts import Refused, Verdict
from software_update.testing import encode as e
from software_update.testing.judge import TRUSTED_ROOT, refusal_of
from software_update.testing.signers import ROOT_KEY, STRANGER, TARGETS_KEY
from software_update.verify.roots import trust_root

CONTENTS = {"a": b"x", "b/c": b"yz"}
NEW_ROOT = e.signed(e.root(2, [ROOT_KEY, STRANGER]), ROOT_KEY)
GOOD = e.bundle(CONTENTS, version=3, expires=2_000_000_000, signed_root=NEW_ROOT)
MANIFEST = e.manifest(e.targets(CONTENTS, 3), b"user")

CHANGES: dict[str, Callable[[int], bytes]] = {
    "a bit": lambda at: GOOD[:at] + bytes([GOOD[at] ^ 1 << at % 8]) + GOOD[at + 1 :],
    "another byte": lambda at: GOOD[:at] + bytes([~GOOD[at] & 0xFF]) + GOOD[at + 1 :],
    "a byte less": lambda at: GOOD[:at] + GOOD[at + 1 :],
    "a byte more": lambda at: GOOD[:at] + b"\0" + GOOD[at:],
    "a byte twice": lambda at: GOOD[: at + 1] + GOOD[at:],
}


def test_it_is_good() -> None:
    assert refusal_of(GOOD, at=1_999_999_999)[0] == Verdict.ACCEPT


@pytest.mark.parametrize("change", CHANGES)
def test_every_byte_is_covered(change: str) -> None:
    accepted = [
        at
        for at in range(len(GOOD))
        if CHANGES[change](at) != GOOD and refusal_of(CHANGES[change](at))[0] == Verdict.ACCEPT
    ]
    assert accepted == []


def test_every_cut_is_refused() -> None:
    for end in range(len(GOOD)):
        assert refusal_of(GOOD[:end])[0] != Verdict.ACCEPT
    # Without only the root, it is a bundle for a device that keeps its root.
    root_bytes = len(e.root_entry(NEW_ROOT))
    for start in range(1, len(GOOD)):
        accepted = refusal_of(GOOD[start:])[0] == Verdict.ACCEPT
        assert accepted == (start == root_bytes)


def test_parts_of_two_good_bundles_do_not_mix() -> None:
    other = {"a": b"X", "b/c": b"YZ"}
    ours = e.targets_entry(e.signed(e.targets(CONTENTS, 3), TARGETS_KEY))
    assert refusal_of(ours + e.payloads(CONTENTS))[0] == Verdict.ACCEPT
    assert refusal_of(ours + e.payloads(other))[0] == Verdict.HASH_MISMATCH
    swapped = e.payload("a", CONTENTS["b/c"]) + e.payload("b/c", CONTENTS["a"])
    assert refusal_of(ours + swapped)[0] == Verdict.LENGTH_MISMATCH


def test_signature_of_one_role_does_not_count_for_the_other() -> None:
    """Root metadata in the place of targets metadata, by a key that may sign it, and the reverse."""
    as_targets = e.targets_entry(e.signed(e.root(2), TARGETS_KEY))
    assert refusal_of(as_targets)[0] in (Verdict.WRONG_ROLE, Verdict.MALFORMED)
    as_root = e.root_entry(e.signed(e.targets({}, 2), ROOT_KEY))
    assert refusal_of(as_root)[0] == Verdict.WRONG_ROLE


def mutations(good: bytes) -> st.SearchStrategy[bytes]:
    """A message with a few stretches replaced."""

    def replace(edits: list[tuple[int, int, bytes]]) -> bytes:
        data = good
        for at, length, content in edits:
            start = at % (len(data) + 1)
            data = data[:start] + content + data[start + length :]
        return data

    edit = st.tuples(st.integers(0, 10_000), st.integers(0, 8), st.binary(max_size=8))
    return st.lists(edit, min_size=1, max_size=4).map(replace)


@settings(max_examples=300)
@given(mutations(GOOD))
def test_judging_is_total(data: bytes) -> None:
    refusal_of(data, installed=MANIFEST, at=0)


@settings(max_examples=300)
@given(mutations(TRUSTED_ROOT))
def test_reading_an_anchor_is_total(data: bytes) -> None:
    try:
        trust_root(data)
    except Refused as refused:
        assert refused.detail


@settings(max_examples=300)
@given(mutations(MANIFEST))
def test_reading_a_manifest_is_total(data: bytes) -> None:
    try:
        installed = metadata.parse_manifest(data)
    except Refused as refused:
        assert refused.detail
    else:
        refusal_of(GOOD, installed=e.manifest(installed.targets.serialized))
