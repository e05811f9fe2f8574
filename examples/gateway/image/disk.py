"""Makes the disk of a gateway without data: `disk.py PLACE=FILE... OUT`.

The files are those of the EFI system partition.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
import uuid
import zlib
from pathlib import Path

_SECTOR = 512
_FIRST = 2048
_ESP_BYTES = 96 << 20
_STATE_BYTES = 16 << 20
_ESP = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"
_LINUX = "0fc63daf-8483-4772-8e79-3d69d8477de4"
_EMPTY_SLOT = "b.efi"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "SOURCE_DATE_EPOCH": "0", "TZ": "UTC"}


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, env=_ENVIRONMENT)


def _esp(image: Path, files: dict[str, str]) -> None:
    with image.open("wb") as file:
        file.truncate(_ESP_BYTES)
    _run("mkfs.fat", "-F", "32", "-n", "GATEWAY", "--invariant", str(image))
    _run("mmd", "-i", str(image), "::/EFI", "::/EFI/BOOT", "::/loader", "::/loader/entries")
    for place, path in sorted(files.items()):
        _run("mcopy", "-i", str(image), path, f"::/{place}")


def _disk(out: Path, partitions: list[tuple[str, str, Path]]) -> None:
    entries, place = b"", _FIRST
    with out.open("wb") as disk:
        for name, kind, path in partitions:
            sectors = path.stat().st_size // _SECTOR
            own = uuid.uuid5(uuid.NAMESPACE_DNS, name)
            entries += uuid.UUID(kind).bytes_le + own.bytes_le
            entries += struct.pack("<QQQ", place, place + sectors - 1, 0)
            entries += name.encode("utf-16-le").ljust(72, b"\0")
            disk.seek(place * _SECTOR)
            disk.write(path.read_bytes())
            place += sectors
        entries = entries.ljust(128 * 128, b"\0")
        total = place + _FIRST
        disk.truncate(total * _SECTOR)
        protective = struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xEE, b"\xff\xff\xff", 1, total - 1)
        disk.seek(446)
        disk.write(protective.ljust(64, b"\0") + b"\x55\xaa")
        disk.write(_header(1, total - 1, 2, total, entries).ljust(_SECTOR, b"\0") + entries)
        disk.seek((total - 33) * _SECTOR)
        disk.write(
            entries + _header(total - 1, 1, total - 33, total, entries).ljust(_SECTOR, b"\0")
        )


def _header(own: int, other: int, entries_at: int, total: int, entries: bytes) -> bytes:
    disk = uuid.uuid5(uuid.NAMESPACE_DNS, "gateway").bytes_le
    fields = (own, other, 34, total - 34, disk, entries_at, 128, 128, zlib.crc32(entries))
    head = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, *fields)
    return head[:16] + struct.pack("<I", zlib.crc32(head)) + head[20:]


def main() -> None:
    """Writes the disk."""
    *words, out = sys.argv[1:]
    files = dict(word.split("=", 1) for word in words)
    with tempfile.TemporaryDirectory() as scratch:
        esp, state, empty = (Path(scratch, name) for name in ("esp", "state", "empty"))
        empty.touch()
        _esp(esp, files | {_EMPTY_SLOT: str(empty)})
        with state.open("wb") as file:
            file.truncate(_STATE_BYTES)
        own = str(uuid.uuid5(uuid.NAMESPACE_DNS, "state"))
        _run("mkfs.ext4", "-q", "-U", own, "-E", f"hash_seed={own}", str(state))
        _disk(Path(out), [("esp", _ESP, esp), ("state", _LINUX, state)])


if __name__ == "__main__":
    main()
