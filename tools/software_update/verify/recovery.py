"""Fast-forward recovery: decides when targets versions start again. Pure.

A thief of targets keys can sign the highest version that there is; no later release could replace it
while versions are compared. TUF's clients drop their stored metadata in this case (specification
1.0.34, 5.3.11). A bundle's root may be several versions after the one that the device had, so this
module compares two roots only: the one under which the *installed* release was accepted, and the one
now in force. The roots in between, and the path that a device took through them, change nothing.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from software_update.format import metadata
from software_update.format.metadata import ROOT, Installed, Root, RootId, Targets


class FormerRoot(NamedTuple):
    """The root under which the installed release was accepted.

    `root` is None if its content is not at hand. `stated` is false if nothing names that root: then the
    device's trusted root is assumed.
    """

    id: RootId
    root: Root | None
    stated: bool


def former_root(
    installed: Installed, given: Root | None, trusted: Root, passed: Iterable[bytes]
) -> FormerRoot:
    """The root that `installed` names, among those at hand.

    `given` is the root that the caller names for it, `trusted` the device's root, and `passed` are
    signed roots of a bundle. Their signatures do not matter here: the SHA-256 identifies them.
    """
    if installed.root is None:
        root = given or trusted
        return FormerRoot(root.id, root, given is not None)
    for root in (trusted, *([given] if given else [])):
        if root.id == installed.root:
            return FormerRoot(root.id, root, True)
    for data in passed:
        serialized = metadata.parse_signed(ROOT, data).serialized
        if hashlib.sha256(serialized).digest() == installed.root.sha256:
            root = metadata.parse_root(serialized)
            return FormerRoot(installed.root, root if root.id == installed.root else None, True)
    return FormerRoot(installed.root, None, True)


def versions_start_again(former: FormerRoot | None, root: Root) -> bool:
    """Says whether the removed keys could have signed the installed release by themselves.

    They could if `root` lacks at least as many targets keys of the former root as that root's targets
    threshold. Fewer keys never signed anything by themselves, so versions are compared. They are also
    compared if the former root is not at hand.
    """
    if former is None or former.root is None:
        return False
    removed = _targets_keys(former.root) - _targets_keys(root)
    return len(removed) >= former.root.targets.threshold >= 1


def root_to_record(
    installed: Installed | None, former: FormerRoot | None, targets: Targets, root: Root
) -> RootId:
    """The root that the manifest of an accepted release names; `root` is the one now in force.

    The same release, accepted again, keeps the root that it was first accepted under. Otherwise a
    thief of three keys of a 2-of-4 role could present the stolen release again after a root removed
    the first key: the two others still sign it. It would then count as accepted under the new root, and
    a root that removes the second key would remove only one key of that: versions would not start
    again. With the first root kept, the path 1, 2, 3 and the jump from 1 to 3 give the same result. An
    assumed root is recorded for the same reason: the next call would assume a later one.
    """
    if installed and former and installed.targets.serialized == targets.serialized:
        return former.id
    return root.id


def _targets_keys(root: Root) -> frozenset[bytes]:
    """The identities of the targets keys that the root lists: a mirrored key is the same key."""
    return frozenset(key.identity for key in root.keys if key.key_id in root.targets.key_ids)
