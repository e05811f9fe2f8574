"""Tests of merkle.py, against a tree that is computed by the definitions of RFC 6962."""

import hashlib

import pytest

from software_update.testing.memory_log import MemoryLog
from software_update.transparency.merkle import (
    EMPTY_ROOT,
    inclusion_hashes,
    is_consistent,
    leaf_hash,
    root_of_inclusion,
)

LOG = MemoryLog([b"record %d" % index for index in range(20)])
SIZES = range(1, len(LOG.records) + 1)


def test_each_record_of_each_tree_is_included() -> None:
    for size in SIZES:
        for index in range(size):
            hashes = LOG.inclusion(index, size)
            leaf = leaf_hash(LOG.records[index])
            assert inclusion_hashes(index, size) == len(hashes)
            assert root_of_inclusion(leaf, index, size, hashes) == LOG.root(size)


def test_a_record_is_not_included_elsewhere() -> None:
    for index in range(20):
        hashes, leaf = LOG.inclusion(index, 20), leaf_hash(LOG.records[index])
        for other in range(20):
            if len(hashes) == inclusion_hashes(other, 20):
                same = root_of_inclusion(leaf, other, 20, hashes) == LOG.root(20)
                assert same == (other == index)


def test_each_tree_continues_each_smaller_one() -> None:
    for new in SIZES:
        for old in range(new + 1):
            hashes = LOG.consistency(old, new)
            assert is_consistent(old, LOG.root(old), new, LOG.root(new), hashes), (old, new)


def test_another_proof_shows_no_consistency() -> None:
    for new in SIZES:
        for old in range(1, new):
            roots, hashes = (LOG.root(old), LOG.root(new)), LOG.consistency(old, new)
            assert not is_consistent(old, roots[1], new, roots[1], hashes)
            assert not is_consistent(old, roots[0], new, roots[0], hashes)
            assert not is_consistent(old, roots[0], new, roots[1], [*hashes, bytes(32)])
            assert not is_consistent(old, roots[0], new, roots[1], hashes[:-1])
            for index in range(len(hashes)):
                changed = [*hashes[:index], bytes(32), *hashes[index + 1 :]]
                assert not is_consistent(old, roots[0], new, roots[1], changed)


@pytest.mark.parametrize(
    "old, new, hashes, expected",
    [
        ((3, LOG.root(3)), (2, LOG.root(2)), [], False),
        ((3, LOG.root(3)), (3, LOG.root(2)), [], False),
        ((3, LOG.root(3)), (3, LOG.root(3)), [bytes(32)], False),
        ((0, LOG.root(3)), (3, LOG.root(3)), [], False),
        ((0, EMPTY_ROOT), (3, LOG.root(3)), [bytes(32)], False),
        ((3, LOG.root(3)), (7, LOG.root(7)), [], False),
        ((0, EMPTY_ROOT), (0, EMPTY_ROOT), [], True),
    ],
)
def test_edges_of_consistency(
    old: tuple[int, bytes], new: tuple[int, bytes], hashes: list[bytes], expected: bool
) -> None:
    assert is_consistent(*old, *new, hashes) == expected


def test_a_record_is_not_the_hash_of_two_hashes() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != hashlib.sha256(b"\1" + left + right).digest()
