"""Device limits: the size of the releases that a device with the C++ library has room for.

They are lower than the limits of the format (limits.py), because the device reserves memory for each of
them. One JSON file states them for builds, for `bundle verify`, and for the C++ of the device.
"""

import difflib
from typing import Any, NamedTuple

from software_update.base import strict_json
from software_update.base.errors import InputError, shown
from software_update.format import limits
from software_update.format.messages import COMPRESSION_ALGORITHMS
from software_update.format.names import USER_MANIFEST

SCHEMA = "software_update.device_limits.v1"


class DeviceLimits(NamedTuple):
    """The limits of a device. A bundle beyond one of them has no verdict there.

    `keys` and `allowed_targets` are of one root, and `signatures` of the metadata of one role. `targets` are
    those of a release, with user_manifest. `roots` is the length of the chain of roots that leads to the
    root in a bundle, without that root. `name_bytes` is the length of the name of a target.
    `verifications` is the number of signatures that the device verifies for one bundle. `root_bytes` is
    the size in bytes of the signed roots that it keeps. `release_manifest` says whether it can read one, and
    `release_keys` is the number of keys of its objects that the reader remembers at a time: languages, and
    keys that this version does not know. `compression` names the algorithms that it can decompress.
    """

    keys: int = 4
    signatures: int = 4
    targets: int = 8
    roots: int = 4
    allowed_targets: int = 0
    name_bytes: int = 64
    verifications: int = 32
    root_bytes: int = 4096
    release_manifest: bool = True
    release_keys: int = 24
    compression: tuple[str, ...] = ()


DEFAULT = DeviceLimits()

# The range of each number. No bundle has more.
RANGES = {
    "keys": (1, limits.MAX_KEYS),
    "signatures": (1, limits.MAX_SIGNATURES),
    "targets": (1, limits.MAX_TARGETS),
    "roots": (0, limits.MAX_ROOT_CHAIN),
    "allowed_targets": (0, limits.MAX_ALLOWED_TARGETS),
    "name_bytes": (len(USER_MANIFEST), limits.MAX_NAME_BYTES),
    # Of every root by itself and by the one before it, and of the targets metadata.
    "verifications": (1, limits.MAX_SIGNATURES * (2 * (limits.MAX_ROOT_CHAIN + 1) + 1)),
    "root_bytes": (0, limits.MAX_ROOT_METADATA_BYTES),
    "release_keys": (1, 1024),
}
_FIELDS = ("schema", *DeviceLimits._fields)


def parse_device_limits(path: str, content: bytes) -> DeviceLimits:
    """The limits in the file `path`, which contains `content`. A field that is absent has its default.

    Raises InputError if it is not valid. Unknown fields are errors: they may be misspelt limits.
    """
    try:
        document = strict_json.parse_file(path, content)
    except ValueError:
        raise InputError(f"{path}: not JSON; write {SCHEMA}") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise InputError(
            f'{path}: not limits of a device; write an object with "schema": "{SCHEMA}"'
        )
    for name in document:
        if name not in _FIELDS:
            raise InputError(f"{path}: '{shown(name)}' is not a device limit{_similar(name)}")
    stated = {name: _value(path, name, document[name]) for name in document if name != "schema"}
    return DeviceLimits(**stated)


def _similar(name: str) -> str:
    found = difflib.get_close_matches(name, _FIELDS, n=1)
    return f"; did you mean {found[0]}?" if found else f"; remove it, or write one of {_names()}"


def _names() -> str:
    return ", ".join(DeviceLimits._fields)


def _value(path: str, name: str, value: Any) -> Any:
    if name == "release_manifest":
        if not isinstance(value, bool):
            raise InputError(f"{path}: release_manifest needs true or false")
        return value
    if name == "compression":
        return _compression(path, value)
    least, most = RANGES[name]
    if type(value) is not int or not least <= value <= most:
        raise InputError(f"{path}: {name} needs an integer from {least} to {most}")
    return value


def _compression(path: str, value: Any) -> tuple[str, ...]:
    known = sorted(COMPRESSION_ALGORITHMS.values())
    names = value if isinstance(value, list) else [value]
    if not isinstance(value, list) or any(each not in known for each in names):
        raise InputError(
            f"{path}: compression needs a list with some of {', '.join(known)}, or an empty list"
        )
    if len(set(names)) != len(names):
        raise InputError(f"{path}: compression names an algorithm twice; remove one")
    return tuple(sorted(names))
