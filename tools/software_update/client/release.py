"""A release that the client has verified: its metadata and release manifest, without payloads. Pure.

The client keeps it as a file, which becomes the installed manifest once the release is committed. It was
verified before it was kept, so later steps take from it what the slot must contain.
"""

import hashlib
from typing import NamedTuple

from software_update.base.errors import InputError
from software_update.bundle.envelope import Envelope
from software_update.format import metadata
from software_update.format.messages import Target
from software_update.format.metadata import Installed, RootId, Targets
from software_update.format.names import USER_MANIFEST


class SlotTarget(NamedTuple):
    """The content of one target in a slot: its name, length in bytes, and SHA-256."""

    name: str
    length: int
    sha256: bytes


def release_digest(targets: Targets) -> str:
    """Returns the SHA-256 of targets metadata without signatures, in hexadecimal."""
    return hashlib.sha256(targets.serialized).hexdigest()


def offered_digest(envelope: Envelope) -> str:
    """Returns the release digest of a bundle that nothing has verified; empty without targets metadata."""
    if envelope.targets is None:
        return ""
    return release_digest(metadata.parse_signed_targets(envelope.targets)[1])


def encode_release(targets: Targets, user_manifest: bytes | None, root: RootId) -> bytes:
    """Returns the content of a release's file. `root` is the root under which it was accepted."""
    return metadata.build_manifest(targets, user_manifest, root)


def decode_release(content: bytes) -> Installed:
    """Reads a release's file. Raises InputError if it names no root."""
    release = metadata.parse_manifest(content)
    if release.root is None:
        raise InputError("an installed manifest without a root; provision the device again")
    return release


def payload_targets(targets: Targets) -> list[Target]:
    """Returns the targets that go into slots: all but the user_manifest."""
    return [each for each in targets.targets if each.name != USER_MANIFEST]


def slot_targets(targets: Targets) -> list[SlotTarget]:
    """Returns what a slot contains after installation: decompressed payloads."""
    return [slot_target(each) for each in payload_targets(targets)]


def slot_target(target: Target) -> SlotTarget:
    """Returns what a slot contains of one target."""
    return SlotTarget(target.name, target.original.length, target.original.sha256)
