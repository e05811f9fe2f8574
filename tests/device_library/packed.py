"""The installed release of a device, as the device library keeps it: facts in place of a manifest.

device/target/packed_installed.h reads these bytes.
"""

import functools
import hashlib
import struct

from software_update.format.messages import SHA256
from software_update.format.metadata import Installed, Root, parse_manifest
from software_update.format.names import USER_MANIFEST
from software_update.verify.roots import trust_root

from tests.attacks.product import CONTENTS
from tests.device_library.subjects import Device

_HEAD = struct.Struct("<6IQ32s32s6I32s")
_TARGET = struct.Struct("<Q32s32s")
# A good target of most cases behind the installed ones: a device that counts it has a fault.
_BEHIND = _TARGET.pack(
    len(CONTENTS["app"]),
    hashlib.sha256(b"app").digest(),
    hashlib.sha256(CONTENTS["app"]).digest(),
)


def packed(device: Device) -> bytes | None:
    """Returns the installed release of a usable device; None if nothing is installed."""
    if device.installed is None:
        return None
    return _packed(device.installed, device.installed_root, device.hardware_id) + _BEHIND


def packed_manifest(manifest: bytes, hardware_id: str | None) -> bytes:
    """Returns an installed release without its root. Raises Refused if the manifest is not valid."""
    return _packed(manifest, None, hardware_id)


@functools.lru_cache(4096)
def _packed(manifest: bytes, installed_root: bytes | None, hardware_id: str | None) -> bytes:
    installed = parse_manifest(manifest)
    root = None if installed_root is None else trust_root(installed_root)
    identities = b"" if root is None or not _is_former(root, installed) else _identities(root)
    targets = _targets(installed)
    release, content = installed.release, installed.user_manifest
    hardware_ids = release.hardware_ids if release else ()
    former = installed.root or (root.id if root else (0, bytes(32)))
    head = _HEAD.pack(
        installed.targets.common.version,
        release is not None,
        release.counter if release else 0,
        (release.minimum_counter or 0) if release else 0,
        bool(hardware_ids) and hardware_id is not None and hardware_id not in hardware_ids,
        content is not None,
        len(content or b""),
        hashlib.sha256(installed.targets.serialized).digest(),
        bytes(32) if content is None else hashlib.sha256(content).digest(),
        installed.root is not None or root is not None,
        former[0],
        root.targets.threshold if root and identities else 0,
        len(identities) // 32,
        len(targets) // _TARGET.size,
        0,
        former[1],
    )
    return head + identities + targets


def _is_former(root: Root, installed: Installed) -> bool:
    return installed.root in (None, root.id)


def _identities(root: Root) -> bytes:
    """The X of each targets key; a mirrored key is the same."""
    return b"".join(
        sorted({key.identity for key in root.keys if key.key_id in root.targets.key_ids})
    )


def _targets(installed: Installed) -> bytes:
    out = []
    for target in (each.original for each in installed.targets.targets):
        if target.name == USER_MANIFEST:
            continue
        name = hashlib.sha256(target.name.encode()).digest()
        for function, digest in target.hashes:
            if function == SHA256 and len(digest) == 32:
                out.append(_TARGET.pack(target.length, name, digest))
    return b"".join(out)
