"""Writes a GUID partition table, as the UEFI specification 2.10, section 5.3, has it. Pure.

The table begins each partition at a multiple of 1 MiB, in the order of the layout. A copy is at the end of
the disk. GUIDs that a layout does not state come from a digest, so the same input gives the same table.
"""

import hashlib
import struct
import uuid
import zlib
from dataclasses import dataclass

from software_update.provisioning.layout import MIB, Layout, Partition

SECTOR_BYTES = 512
_ENTRIES = 128
_ENTRY_BYTES = 128
_TABLE_SECTORS = _ENTRIES * _ENTRY_BYTES // SECTOR_BYTES
# The table, its header, and the protective MBR before it.
_FIRST_USABLE = 2 + _TABLE_SECTORS
_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
_HEADER_BYTES = 92
_ENTRY = struct.Struct("<16s16sQQQ72s")


@dataclass(frozen=True, slots=True)
class Placed:
    """A partition with its place on the disk, in bytes, and its GUID."""

    partition: Partition
    offset: int
    guid: str


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk of `size` bytes with its partitions."""

    size: int
    guid: str
    partitions: tuple[Placed, ...]


def place(layout: Layout, seed: bytes) -> Disk:
    """Returns the disk for a layout. `seed` decides the GUIDs that the layout does not state."""
    offset, placed = MIB, []
    for each in layout.partitions:
        guid = each.guid or digest_guid(seed, f"partition {each.name}")
        placed.append(Placed(each, offset, guid))
        offset += each.size
    return Disk(offset + MIB, digest_guid(seed, "disk"), tuple(placed))


def digest_guid(seed: bytes, what: str) -> str:
    """Returns a GUID of version 8 (RFC 9562), whose bits are a digest of the arguments."""
    number = bytearray(hashlib.sha256(seed + what.encode()).digest()[:16])
    number[6] = number[6] & 0x0F | 0x80
    number[8] = number[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(number)))


def tables(disk: Disk) -> list[tuple[int, bytes]]:
    """Returns the bytes of the partition table and their offsets on the disk."""
    last = disk.size // SECTOR_BYTES - 1
    entries = b"".join(_entry(each) for each in disk.partitions)
    entries = entries.ljust(_ENTRIES * _ENTRY_BYTES, b"\0")
    copy = last - _TABLE_SECTORS
    return [
        (0, _protective_mbr(last)),
        (SECTOR_BYTES, _header(disk, entries, here=1, other=last, table=2)),
        (2 * SECTOR_BYTES, entries),
        (copy * SECTOR_BYTES, entries),
        (last * SECTOR_BYTES, _header(disk, entries, here=last, other=1, table=copy)),
    ]


def _entry(placed: Placed) -> bytes:
    partition = placed.partition
    first = placed.offset // SECTOR_BYTES
    return _ENTRY.pack(
        uuid.UUID(partition.type).bytes_le,
        uuid.UUID(placed.guid).bytes_le,
        first,
        first + partition.size // SECTOR_BYTES - 1,
        0,
        partition.name.encode("utf-16-le"),
    )


def _header(disk: Disk, entries: bytes, *, here: int, other: int, table: int) -> bytes:
    last_usable = disk.size // SECTOR_BYTES - 1 - _TABLE_SECTORS - 1

    def header(checksum: int) -> bytes:
        return _HEADER.pack(
            b"EFI PART",
            0x00010000,
            _HEADER_BYTES,
            checksum,
            0,
            here,
            other,
            _FIRST_USABLE,
            last_usable,
            uuid.UUID(disk.guid).bytes_le,
            table,
            _ENTRIES,
            _ENTRY_BYTES,
            zlib.crc32(entries),
        )

    return header(zlib.crc32(header(0))).ljust(SECTOR_BYTES, b"\0")


def _protective_mbr(last: int) -> bytes:
    """Returns the MBR that shows the whole disk as one partition of type 0xEE to older programs."""
    entry = struct.pack(
        "<B3sB3sII", 0, b"\x00\x02\x00", 0xEE, b"\xff\xff\xff", 1, min(last, 0xFFFFFFFF)
    )
    return bytes(446) + entry + bytes(48) + b"\x55\xaa"
