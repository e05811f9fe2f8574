"""Tests of partition tables, read back as the UEFI specification has them."""

import struct
import uuid
import zlib

from software_update.provisioning.gpt import SECTOR_BYTES, Disk, digest_guid, place, tables
from software_update.provisioning.layout import MIB, TYPES, Layout, Partition

GUID = "0fc63daf-8483-4772-8e79-3d69d8477de5"
LAYOUT = Layout(
    (
        Partition("esp", TYPES["efi"], 3 * MIB, "fat", None, "/dev/a", None),
        Partition("slot", TYPES["linux"], 5 * MIB, "none", None, "/dev/b", GUID),
    )
)


def disk_bytes(disk: Disk) -> bytes:
    content = bytearray(disk.size)
    for offset, each in tables(disk):
        content[offset : offset + len(each)] = each
    return bytes(content)


def header(content: bytes, sector: int) -> tuple[tuple[int, ...], bytes, bytes]:
    """Returns the numbers of a header, the GUID in it, and the entries that it names."""
    raw = content[sector * SECTOR_BYTES :][:92]
    assert raw[:8] == b"EFI PART"
    numbers = struct.unpack_from("<IIIIQQQQ", raw, 8)
    table, count, size, checksum = struct.unpack_from("<QIII", raw, 72)
    entries = content[table * SECTOR_BYTES :][: count * size]
    assert zlib.crc32(entries) == checksum
    assert zlib.crc32(raw[:16] + bytes(4) + raw[20:]) == numbers[2]
    assert (numbers[0], numbers[1], numbers[3], numbers[4]) == (0x10000, 92, 0, sector)
    return numbers, raw[56:72], entries


def test_partitions_follow_one_another() -> None:
    disk = place(LAYOUT, b"seed")
    assert [(each.offset, each.partition.size) for each in disk.partitions] == [
        (MIB, 3 * MIB),
        (4 * MIB, 5 * MIB),
    ]
    assert disk.size == 10 * MIB
    assert disk.partitions[1].guid == GUID


def test_both_tables_say_the_same() -> None:
    disk = place(LAYOUT, b"seed")
    content = disk_bytes(disk)
    last = disk.size // SECTOR_BYTES - 1
    first, guid, entries = header(content, 1)
    copy, guid_of_copy, copied = header(content, last)
    assert (guid, entries) == (guid_of_copy, copied)
    assert guid == uuid.UUID(disk.guid).bytes_le
    assert (first[5], copy[5]) == (last, 1)
    assert first[6:] == copy[6:] == (34, last - 33)
    kind, own, start, end, flags = struct.unpack_from("<16s16sQQQ", entries)
    assert (kind, own) == (
        uuid.UUID(TYPES["efi"]).bytes_le,
        uuid.UUID(disk.partitions[0].guid).bytes_le,
    )
    assert (start, end, flags) == (2048, 2048 + 3 * 2048 - 1, 0)
    assert entries[56:128].decode("utf-16-le").rstrip("\0") == "esp"
    assert not entries[256:].strip(b"\0")


def test_older_programs_see_one_partition() -> None:
    disk = place(LAYOUT, b"seed")
    content = disk_bytes(disk)
    assert content[510:512] == b"\x55\xaa"
    assert content[446:462] == bytes.fromhex("00000200ee ffffff 01000000 ff4f0000")
    assert not content[462:510].strip(b"\0")
    assert not content[:446].strip(b"\0")


def test_guids_come_from_the_seed() -> None:
    one, again, other = place(LAYOUT, b"seed"), place(LAYOUT, b"seed"), place(LAYOUT, b"tree")
    assert one == again
    assert one.guid != other.guid
    assert one.partitions[0].guid not in (one.guid, other.partitions[0].guid)
    found = uuid.UUID(digest_guid(b"seed", "disk"))
    assert (str(found), found.version, found.variant) == (one.guid, 8, uuid.RFC_4122)
