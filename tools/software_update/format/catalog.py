"""Catalog entries: what a repository says of a bundle, as the `custom` of its target file (TUF 1.0, 4.5).

An entry lets a device find a release without fetching it. Nothing is believed because of it: the device
verifies the bundle, and rejects one whose release manifest differs from its entry.
"""

import hashlib
import re
from typing import Any, NamedTuple

from software_update.base.errors import InputError, shown
from software_update.format.release_manifest import KINDS, MAX_COUNTER, SEVERITIES, ReleaseManifest

# Of one product and channel; older releases are in hashed bins.
MAX_CURRENT = 32

# Of a role's metadata. They are below those of python-tuf, because a device has little memory.
MAX_ROOT_BYTES = 64 * 1024
MAX_TIMESTAMP_BYTES = 16 * 1024
MAX_SNAPSHOT_BYTES = 512 * 1024
MAX_TARGETS_BYTES = 2 * 1024 * 1024

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?", re.ASCII)
_CHANNEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", re.ASCII)
_MAX_TEXT = 256
_MAX_HARDWARE_IDS = 64


class CatalogEntry(NamedTuple):
    """A bundle in a repository.

    `release` is the release digest in hexadecimal, and `first_part` the length in bytes of all that a device
    reads before it asks for consent: metadata, release manifest, and the name of the first payload. `base`
    is the release digest of the release for which a personalized bundle was made; empty for a full bundle.
    The other fields are those of the release manifest.
    """

    product: str
    version: str
    counter: int
    release: str
    first_part: int
    base: str = ""
    hardware_ids: tuple[str, ...] = ()
    minimum_counter: int | None = None
    kind: str | None = None
    severity: str | None = None


def entry_of(
    manifest: ReleaseManifest, release: str, first_part: int, base: str = ""
) -> CatalogEntry:
    """Returns the entry of a bundle with this release manifest."""
    return CatalogEntry(
        manifest.product,
        manifest.version,
        manifest.counter,
        release,
        first_part,
        base,
        tuple(manifest.hardware_ids),
        manifest.minimum_counter,
        manifest.kind,
        manifest.severity,
    )


def difference(entry: CatalogEntry, manifest: ReleaseManifest, release: str) -> str | None:
    """Returns the first difference between an entry and the verified release, in words; None if none."""
    said = entry._asdict()
    for name, true in entry_of(manifest, release, entry.first_part, entry.base)._asdict().items():
        if said[name] != true:
            return f"{name} is {shown(str(said[name]))} in the catalog and {shown(str(true))} in the release"
    return None


def build_entry(entry: CatalogEntry) -> dict[str, Any]:
    """Returns the entry as JSON. Absent fields are left out, because devices fetch all entries."""
    fields = {
        "product": entry.product,
        "version": entry.version,
        "release_counter": entry.counter,
        "release": entry.release,
        "first_part": entry.first_part,
        "base": entry.base or None,
        "hardware_ids": list(entry.hardware_ids) or None,
        "minimum_release_counter": entry.minimum_counter,
        "kind": entry.kind,
        "severity": entry.severity,
    }
    return {name: value for name, value in fields.items() if value is not None}


def parse_entry(custom: object, place: str) -> CatalogEntry:
    """Returns the entry in the `custom` of a target file. `place` names it in errors.

    Ignores unknown members. Raises InputError if it is not an entry.
    """
    if not isinstance(custom, dict):
        raise InputError(f"{place}: is not a catalog entry (it has no custom)")
    fields = _Fields(custom, place)
    return CatalogEntry(
        product=fields.text("product"),
        version=fields.text("version"),
        counter=fields.number("release_counter", MAX_COUNTER),
        release=fields.digest("release"),
        first_part=fields.number("first_part", 2**40),
        base=fields.digest("base") if "base" in custom else "",
        hardware_ids=fields.texts("hardware_ids"),
        minimum_counter=(
            fields.number("minimum_release_counter", MAX_COUNTER)
            if "minimum_release_counter" in custom
            else None
        ),
        kind=fields.one_of("kind", KINDS),
        severity=fields.one_of("severity", SEVERITIES),
    )


class _Fields:
    """The members of a JSON object that nothing has checked."""

    def __init__(self, members: dict[str, Any], place: str) -> None:
        self._members = members
        self._place = place

    def text(self, name: str) -> str:
        value = self._members.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
            raise self._error(name, f"must be a text of 1 to {_MAX_TEXT} characters")
        return value

    def digest(self, name: str) -> str:
        value = self._members.get(name)
        if not isinstance(value, str) or not _DIGEST.fullmatch(value):
            raise self._error(name, "must be a SHA-256 in 64 hexadecimal digits")
        return value

    def number(self, name: str, most: int) -> int:
        value = self._members.get(name)
        if type(value) is not int or not 0 <= value <= most:
            raise self._error(name, f"must be an integer from 0 to {most}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._members.get(name, [])
        valid = isinstance(value, list) and len(value) <= _MAX_HARDWARE_IDS
        if not valid or not all(isinstance(each, str) and each for each in value):
            raise self._error(name, f"must be a list of at most {_MAX_HARDWARE_IDS} texts")
        return tuple(value)

    def one_of(self, name: str, values: tuple[str, ...]) -> str | None:
        value = self._members.get(name)
        if value is not None and value not in values:
            raise self._error(name, f"must be one of {', '.join(values)}")
        return value

    def _error(self, name: str, problem: str) -> InputError:
        return InputError(f"{self._place}: catalog entry: {name} {problem}")


# The names of a product and channel in paths and roles.


def path_name(product: str) -> str:
    """Returns the name of a product in paths: the product itself, or a name made from it.

    A product with other characters than letters, digits, `_`, `.` and `-` gets a readable name that ends in
    the first 8 digits of its SHA-256, so that two products never share one.
    """
    if _NAME.fullmatch(product):
        return product
    readable = re.sub(r"[^a-z0-9]+", "-", product.lower()).strip("-")[:40]
    return f"{readable or 'product'}-{hashlib.sha256(product.encode()).hexdigest()[:8]}"


def channel_problem(channel: str) -> str | None:
    """Returns why a channel's name is not valid, as half a sentence; None if it is."""
    if _CHANNEL.fullmatch(channel):
        return None
    return (
        "must have 1 to 32 lower-case letters, digits and '-', with a letter or digit at both ends"
    )


def channel_role(product: str, channel: str) -> str:
    """Returns the TUF role that lists the current releases of a product and channel."""
    return f"channel.{path_name(product)}.{channel}"


def rollout_role(product: str, channel: str) -> str:
    """Returns the TUF role with the rollout rules of a product and channel."""
    return f"rollout.{path_name(product)}.{channel}"


def bundle_folder(product: str, channel: str) -> str:
    """Returns the folder of target paths that `channel_role` may list, with `/` at its end."""
    return f"{path_name(product)}/{channel}/"


def rollout_path(product: str, channel: str) -> str:
    """Returns the target path of the rollout rules: the only one that `rollout_role` may list."""
    return f"rollout/{path_name(product)}/{channel}.json"
