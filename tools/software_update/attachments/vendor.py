"""The vendor's keys, which sign a release and nothing else."""

from collections.abc import Iterable

from software_update.format.metadata import Root
from software_update.keys.public_key import PublicKey


def is_vendor(key: PublicKey, roots: Iterable[Root]) -> bool:
    """Returns whether the holder of `key` holds a key that one of the roots lists, of either role."""
    identities = {each.identity for root in roots for each in root.keys}
    return key.identity in identities
