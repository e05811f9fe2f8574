"""The layout of a device's disk: its partitions, in order, from a JSON file. Pure.

layout = parse_layout("layout.json", content)
layout.partition("state").mount        # "/var/lib/software_update"
"""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from software_update.base.errors import InputError, shown
from software_update.base.strict_json import parse_file

SCHEMA = "software_update.device_layout.v1"

MIB = 1 << 20
_GIB = 1 << 30

TYPES: Mapping[str, str] = {
    "efi": "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
    "linux": "0fc63daf-8483-4772-8e79-3d69d8477de4",
    "xbootldr": "bc13c2ff-59e6-4262-a352-b275fd6f7172",
}
"""Names for types of partitions, and their GUIDs."""

FILESYSTEMS = ("none", "fat", "ext4")

_FIELDS = frozenset(
    {"name", "type", "size", "filesystem", "mount", "device", "guid"},
)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,36}")
_SIZE = re.compile(r"([1-9][0-9]{0,5}) (MiB|GiB)")
_MAX_PARTITIONS = 64
# Labels of FAT have 11 characters.
_MAX_FAT_LABEL = 11
_MAX_EXT4_LABEL = 16


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition. `size` is in bytes, a multiple of 1 MiB.

    `mount` is the folder at which the device mounts its file system, None if it has none. `device` is the
    path of the partition on the device, as the configuration of the client names it. `guid` is None if the
    layout does not state it.
    """

    name: str
    type: str
    size: int
    filesystem: str
    mount: str | None
    device: str
    guid: str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """The partitions of a disk, in their order on it."""

    partitions: tuple[Partition, ...]

    def partition(self, name: str) -> Partition | None:
        """Returns the partition with a name; None if there is none."""
        return next((each for each in self.partitions if each.name == name), None)


def parse_layout(path: str, content: bytes) -> Layout:
    """Returns the layout in a file. Raises InputError, with `path` in it, for the first problem."""
    try:
        document = parse_file(path, content)
    except ValueError:
        raise InputError(f"{path}: is not JSON; write {SCHEMA}") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise InputError(f"{path}: is not a layout; write an object with the schema {SCHEMA}")
    unknown = sorted(document.keys() - {"schema", "partitions"})
    if unknown:
        raise InputError(f"{path}: {shown(unknown[0])}: is not a field of a layout; remove it")
    listed = document.get("partitions")
    if not isinstance(listed, list) or not 0 < len(listed) <= _MAX_PARTITIONS:
        raise InputError(f"{path}: partitions: must list 1 to {_MAX_PARTITIONS} partitions")
    partitions = tuple(
        _partition(f"{path}: partitions[{number}]", each) for number, each in enumerate(listed)
    )
    _check_differ(path, partitions)
    return Layout(partitions)


def _partition(place: str, value: Any) -> Partition:
    if not isinstance(value, dict):
        raise InputError(f"{place}: must be an object")
    unknown = sorted(value.keys() - _FIELDS)
    if unknown:
        raise InputError(f"{place}.{shown(unknown[0])}: is not a field of a partition; remove it")
    for field, each in value.items():
        if not isinstance(each, str):
            raise InputError(f"{place}.{field}: must be a text")
    name = _required(place, value, "name")
    if not _NAME.fullmatch(name):
        raise InputError(f"{place}.name: use 1 to 36 of A-Z a-z 0-9 _ . -")
    filesystem = value.get("filesystem", "none")
    if filesystem not in FILESYSTEMS:
        raise InputError(f"{place}.filesystem: use one of {', '.join(FILESYSTEMS)}")
    most = {"fat": _MAX_FAT_LABEL, "ext4": _MAX_EXT4_LABEL}.get(filesystem, len(name))
    if len(name) > most:
        raise InputError(f"{place}.name: the label of {filesystem} has at most {most} characters")
    mount = value.get("mount")
    if mount is not None and filesystem == "none":
        raise InputError(f"{place}.mount: needs a filesystem; write fat or ext4, or remove it")
    device = value.get("device", f"/dev/disk/by-partlabel/{name}")
    for field, path in (("mount", mount), ("device", device)):
        if path is not None and not is_plain_path(path):
            raise InputError(
                f"{place}.{field}: must be an absolute path without . and .., such as /efi"
            )
    return Partition(
        name=name,
        type=_type(place, _required(place, value, "type")),
        size=_size(place, _required(place, value, "size")),
        filesystem=filesystem,
        mount=mount,
        device=device,
        guid=_guid(f"{place}.guid", value["guid"]) if "guid" in value else None,
    )


def _required(place: str, value: Mapping[str, str], field: str) -> str:
    if field not in value:
        raise InputError(f"{place}.{field}: is missing")
    return value[field]


def _type(place: str, text: str) -> str:
    if text in TYPES:
        return TYPES[text]
    if "-" not in text:
        raise InputError(f"{place}.type: use a GUID, or one of {', '.join(TYPES)}")
    return _guid(f"{place}.type", text)


def _guid(place: str, text: str) -> str:
    try:
        guid = str(uuid.UUID(text))
    except ValueError:
        guid = ""
    if guid != text.lower():
        raise InputError(f"{place}: is not a GUID such as {TYPES['linux']}")
    return guid


def _size(place: str, text: str) -> int:
    match = _SIZE.fullmatch(text)
    if not match:
        raise InputError(f"{place}.size: write a number of MiB or GiB, such as 64 MiB")
    return int(match[1]) * (MIB if match[2] == "MiB" else _GIB)


def _check_differ(path: str, partitions: Iterable[Partition]) -> None:
    """Raises InputError if two partitions share what must be their own."""
    seen: dict[tuple[str, str], int] = {}
    for number, each in enumerate(partitions):
        own = {"name": each.name, "mount": each.mount, "device": each.device, "guid": each.guid}
        for field, value in own.items():
            if value is None:
                continue
            other = seen.setdefault((field, value.lower()), number)
            if other != number:
                raise InputError(
                    f"{path}: partitions[{number}].{field}: is that of partitions[{other}], too; "
                    "write another one"
                )


def is_plain_path(path: str) -> bool:
    """Returns whether a path is absolute and has neither empty parts nor . and .. in it."""
    first, *parts = path.split("/")
    return path == "/" or (not first and bool(parts) and not {"", ".", ".."} & {*parts})
