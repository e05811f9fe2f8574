"""Signatures by keys of earlier roots: people made them before the root of a release was rotated. Pure.

Targets metadata do not name their root, so such a signature is a good one of the same bytes. Devices
ignore it under the new root.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from software_update.format.metadata import Root
from software_update.keys.public_key import PublicKey
from software_update.signing.holders import Holders, named
from software_update.signing.signature_file import DetachedSignature, is_good
from software_update.signing.signing_request import Request
from software_update.verify.quorum import public_keys
from software_update.verify.recovery import FormerRoot, versions_start_again

# A signature and the name of its file.
_File = tuple[str, DetachedSignature]


class EarlierSignature(NamedTuple):
    """A signature in the file `path` by a targets key that `earlier` lists, and the later `root` does not."""

    path: str
    key_id: bytes
    earlier: Root
    root: Root

    def describe(self, holders: Holders) -> str:
        """Returns the file, the key and the root that lists it, for a warning or an error."""
        version, now = self.earlier.common.version, self.root.common.version
        which = "the previous root" if version == now - 1 else "an earlier root"
        return (
            f"{self.path}: signed by key {named(self.key_id, holders)} of {which}, version {version}; "
            f"root version {now} does not list this key"
        )

    @property
    def consequence(self) -> str | None:
        """The consequence of the rotation for versions, and what to do; None if versions are compared."""
        former = FormerRoot(self.earlier.id, self.earlier, True)
        if not versions_start_again(former, self.root):
            return None
        return (
            "it revokes keys, so targets versions start again: devices do not compare them with the version "
            "that they installed under the earlier root; give each release a release counter, which "
            "devices compare under every root"
        )


def split_earlier(
    request: Request, root: Root, earlier_roots: Iterable[Root], signatures: Sequence[_File]
) -> tuple[list[_File], list[EarlierSignature]]:
    """Returns the other signatures, and the good ones of `request` by a targets key of an earlier root only.

    Of several earlier roots that list the key, the latest one counts.
    """
    keys = {
        key_id: (each, key)
        for each in sorted(earlier_roots, key=lambda each: each.common.version)
        if each.common.version < root.common.version
        for key_id, key in _targets_keys(each).items()
    }
    for key_id in root.targets.key_ids:
        keys.pop(key_id, None)
    others, found = [], []
    for path, signature in signatures:
        earlier, key = keys.get(signature.key_id, (None, None))
        if earlier and key and is_good(signature, request, key):
            found.append(EarlierSignature(path, signature.key_id, earlier, root))
        else:
            others.append((path, signature))
    return others, found


def _targets_keys(root: Root) -> dict[bytes, PublicKey]:
    return {
        key_id: key for key_id, key in public_keys(root).items() if key_id in root.targets.key_ids
    }
