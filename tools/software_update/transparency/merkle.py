"""The hash tree of a log (RFC 6962, 2.1), and the proofs about it. Pure.

Sizes and indexes count records; hashes are SHA-256, 32 bytes each.
"""

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
# A tree has fewer than 2**63 records, so no proof has more hashes.
MAX_SIZE = 2**63 - 1
MAX_HASHES = 63
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(record: bytes) -> bytes:
    """Returns the hash of a record."""
    return hashlib.sha256(b"\0" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Returns the hash of two hashes next to each other."""
    return hashlib.sha256(b"\1" + left + right).digest()


def inclusion_hashes(index: int, size: int) -> int:
    """Returns the number of hashes in the proof of record `index` in a tree of `size` records."""
    inner = _inner(index, size)
    return inner + (index >> inner).bit_count()


def root_of_inclusion(leaf: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes:
    """Returns the root of the tree of `size` records that contains `leaf` at `index` (2.1.1).

    `hashes` are `inclusion_hashes(index, size)` hashes, from the leaf's sibling up.
    """
    inner = _inner(index, size)
    root = leaf
    for level, sibling in enumerate(hashes[:inner]):
        root = node_hash(sibling, root) if index >> level & 1 else node_hash(root, sibling)
    for sibling in hashes[inner:]:
        root = node_hash(sibling, root)
    return root


def is_consistent(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, hashes: Sequence[bytes]
) -> bool:
    """Says whether `hashes` prove that the new tree begins with the records of the old one (2.1.2)."""
    if old_size > new_size:
        return False
    if old_size == new_size:
        return not hashes and old_root == new_root
    if old_size == 0:
        return not hashes and old_root == EMPTY_ROOT
    # The proof begins with the largest complete subtree at the end of the old tree. If that is the old
    # tree itself, its root is known and left out.
    shift = (old_size & -old_size).bit_length() - 1
    index, last = (old_size - 1) >> shift, (new_size - 1) >> shift
    if old_size == 1 << shift:
        first, rest = old_root, list(hashes)
    elif hashes:
        first, rest = hashes[0], list(hashes[1:])
    else:
        return False
    inner = (index ^ last).bit_length()
    if len(rest) != inner + (index >> inner).bit_count():
        return False
    old = new = first
    for level, sibling in enumerate(rest[:inner]):
        if index >> level & 1:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    for sibling in rest[inner:]:
        old, new = node_hash(sibling, old), node_hash(sibling, new)
    return old == old_root and new == new_root


def _inner(index: int, size: int) -> int:
    """Returns the levels on which the path from the leaf may have siblings on both sides."""
    return (index ^ (size - 1)).bit_length()
