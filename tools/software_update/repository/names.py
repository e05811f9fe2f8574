"""The names of a repository's objects and roles, and the limits and lifetimes of its metadata."""

import re
from enum import StrEnum
from typing import NamedTuple

from software_update.base.errors import UsageError
from software_update.format import catalog

ROOT, TARGETS, SNAPSHOT, TIMESTAMP = "root", "targets", "snapshot", "timestamp"
METADATA_FOLDER, TARGETS_FOLDER = "metadata/", "targets/"
# Older releases of all channels, in 2 to the power of this many hashed bins (TAP 15).
ARCHIVE = "archive"
ARCHIVE_BITS = 5
# Any target path of a bundle: PRODUCT/CHANNEL/NAME.
ARCHIVE_PATHS = "*/*/*"
KEPT_RELEASES = 12

_MAX_BYTES = {
    ROOT: catalog.MAX_ROOT_BYTES,
    TIMESTAMP: catalog.MAX_TIMESTAMP_BYTES,
    SNAPSHOT: catalog.MAX_SNAPSHOT_BYTES,
}
_DAY = 24 * 60 * 60
_BIN = re.compile(r"archive-[0-9a-f]{2}")
_LIFETIME = re.compile(r"([1-9][0-9]{0,4})([dh])")


class Kind(StrEnum):
    """The kinds of keys. `SNAPSHOT` signs snapshot and timestamp, `TARGETS` also channels and archive."""

    ROOT = "root"
    TARGETS = "targets"
    SNAPSHOT = "snapshot"
    ROLLOUT = "rollout"


class Lifetimes(NamedTuple):
    """The seconds after which a role expires. `targets` is also that of channels and the archive."""

    root: int = 365 * _DAY
    targets: int = 90 * _DAY
    rollout: int = 90 * _DAY
    snapshot: int = 7 * _DAY
    timestamp: int = _DAY

    def of(self, role: str) -> int:
        """Returns the lifetime of a role."""
        if role in (ROOT, SNAPSHOT, TIMESTAMP):
            return int(getattr(self, role))
        return self.rollout if kind_of(role) == Kind.ROLLOUT else self.targets


def parse_lifetime(text: str, what: str) -> int:
    """Returns the seconds of a text such as `90d` or `12h`. `what` names the argument in the error."""
    found = _LIFETIME.fullmatch(text)
    if not found:
        raise UsageError(
            f"{what}: '{text}' is not a lifetime; write days or hours, such as 90d or 12h"
        )
    return int(found[1]) * (_DAY if found[2] == "d" else 60 * 60)


def kind_of(role: str) -> Kind:
    """Returns the kind of the keys that sign a role."""
    if role == ROOT:
        return Kind.ROOT
    if role in (SNAPSHOT, TIMESTAMP):
        return Kind.SNAPSHOT
    return Kind.ROLLOUT if role.startswith("rollout.") else Kind.TARGETS


def is_bin(role: str) -> bool:
    """Returns whether a role is a hashed bin of the archive."""
    return _BIN.fullmatch(role) is not None


def delegator_of(role: str) -> str:
    """Returns the role that lists the keys of a role."""
    if role in (ROOT, TARGETS, SNAPSHOT, TIMESTAMP):
        return ROOT
    return ARCHIVE if is_bin(role) else TARGETS


def most_bytes(role: str) -> int:
    """Returns the most bytes that a role may have."""
    return _MAX_BYTES.get(role, catalog.MAX_TARGETS_BYTES)


def metadata_name(role: str, version: int) -> str:
    """Returns the name of the object with a version of a role."""
    if role == TIMESTAMP:
        return f"{METADATA_FOLDER}timestamp.json"
    return f"{METADATA_FOLDER}{version}.{role}.json"


def target_name(path: str, sha256: str) -> str:
    """Returns the name of the object with a target file, as consistent snapshots place it."""
    folder, slash, name = path.rpartition("/")
    return f"{TARGETS_FOLDER}{folder}{slash}{sha256}.{name}"


def bundle_path(product: str, channel: str, version: str, base_counter: int | None = None) -> str:
    """Returns the target path of a bundle; with `base_counter`, of one for devices with that release."""
    made_for = "" if base_counter is None else f".from-{base_counter}"
    name = catalog.path_name(version)
    return f"{catalog.bundle_folder(product, channel)}{name}{made_for}.bundle"


def attachment_path(bundle: str, name: str) -> str:
    """Returns the target path of an attachment of the bundle at a target path."""
    return f"{bundle}.{name}"


def channel_of(role: str) -> tuple[str, str] | None:
    """Returns the product, as in paths, and the channel of a channel's role; None for other roles."""
    kind, _, rest = role.partition(".")
    product, _, channel = rest.rpartition(".")
    return (product, channel) if kind == "channel" and product else None
