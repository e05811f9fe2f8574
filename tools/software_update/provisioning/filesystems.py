"""Makes file systems inside an image, with Debian's programs, from folders of this machine.

The bytes depend only on names, contents and the versions of the programs: owners, modes, times, identifiers
and the order of files are fixed.
"""

import os
import stat
from collections.abc import Iterator

from software_update.base.errors import InputError, shown
from software_update.provisioning.gpt import SECTOR_BYTES, Placed, digest_guid
from software_update.provisioning.layout import MIB
from software_update.provisioning.programs import ProgramFailed, Programs

_KIB = 1024
# A small partition has too few clusters for the larger variants. FAT32 needs clusters of one sector below
# 260 MiB, and is not possible below 64 MiB.
_FAT16_BYTES, _FAT32_BYTES, _FAT32_LARGE_CLUSTERS_BYTES = 16 * MIB, 64 * MIB, 260 * MIB
_FAT_RESERVED = frozenset('"*/:<>?\\|')
_EXT4_BLOCK_BYTES = 4096
# Those of Debian, without the ones whose default depends on the version.
_EXT4_FEATURES = (
    "none,64bit,dir_index,ext_attr,extent,extra_isize,filetype,flex_bg,has_journal,huge_file,"
    "large_file,metadata_csum,resize_inode,sparse_super"
)


def make_filesystem(placed: Placed, programs: Programs) -> None:
    """Makes the file system of a partition, with the content of the folder that has its name.

    Raises InputError if the content does not fit, or has a name that the file system does not take.
    """
    partition = placed.partition
    folder = os.path.join(programs.folder, partition.name)
    make = {"fat": _make_fat, "ext4": _make_ext4}[partition.filesystem]
    try:
        make(placed, folder, programs)
    except ProgramFailed as failed:
        size = sum(os.lstat(path).st_size for _, path in _walk(folder) if not os.path.isdir(path))
        raise InputError(
            f"partition {partition.name}: {size} bytes of files do not become a file system of "
            f"{partition.size} bytes ({failed}); enlarge it in the layout"
        ) from None


def _walk(folder: str) -> Iterator[tuple[str, str]]:
    """Yields the files, links and folders below a folder, sorted: path from there, and path here.

    A folder comes before its content.
    """
    pending = [""]
    while pending:
        inside = pending.pop()
        names = sorted(os.listdir(os.path.join(folder, inside)))
        folders = []
        for name in names:
            path = os.path.join(inside, name)
            here = os.path.join(folder, path)
            yield path, here
            if os.path.isdir(here) and not os.path.islink(here):
                folders.append(path)
        pending += folders[::-1]


# FAT.


def _make_fat(placed: Placed, folder: str, programs: Programs) -> None:
    partition = placed.partition
    _check_fat_names(partition.name, folder)
    programs.run(
        "mkfs.fat",
        *_fat_variant(partition.size),
        *("-S", str(SECTOR_BYTES)),
        *("-n", partition.name.upper()),
        *("-h", str(placed.offset // SECTOR_BYTES)),
        "--invariant",
        *("-i", placed.guid[:8]),
        *("--offset", str(placed.offset // SECTOR_BYTES)),
        programs.image,
        str(partition.size // _KIB),
    )
    drive = ("-i", f"{programs.image}@@{placed.offset}")
    for path, here in _walk(folder):
        if os.path.isdir(here):
            programs.run("mmd", *drive, f"::/{path}")
        else:
            programs.run("mcopy", *drive, "-Q", here, f"::/{path}")


def _fat_variant(size: int) -> list[str]:
    """Returns the arguments that choose FAT12, FAT16 or FAT32."""
    if size < _FAT16_BYTES:
        return ["-F", "12"]
    if size < _FAT32_BYTES:
        return ["-F", "16"]
    return ["-F", "32", *(["-s", "1"] if size < _FAT32_LARGE_CLUSTERS_BYTES else [])]


def _check_fat_names(partition: str, folder: str) -> None:
    seen: dict[str, str] = {}
    for path, here in _walk(folder):
        name = os.path.basename(path)
        place = f"{partition}:/{shown(path)}"
        if _FAT_RESERVED & set(name) or not name.isascii() or not name.isprintable():
            raise InputError(
                f"{place}: FAT does not take this name; use letters, digits, . _ and -"
            )
        if name.endswith((".", " ")) or os.path.islink(here):
            raise InputError(f"{place}: FAT has no links, nor names that end in . or a space")
        other = seen.setdefault(path.lower(), path)
        if other != path:
            raise InputError(f"{place}: FAT does not distinguish it from {shown(other)}")


# ext4.


def _make_ext4(placed: Placed, folder: str, programs: Programs) -> None:
    partition = placed.partition
    extended = [
        f"offset={placed.offset}",
        f"hash_seed={digest_guid(placed.guid.encode(), 'hash seed')}",
        "lazy_itable_init=0",
        "lazy_journal_init=0",
        "nodiscard",
        "root_owner=0:0",
    ]
    programs.run(
        "mke2fs",
        *("-q", "-F", "-t", "ext4"),
        *("-b", str(_EXT4_BLOCK_BYTES), "-I", "256", "-m", "0"),
        *("-O", _EXT4_FEATURES),
        *("-U", placed.guid),
        *("-L", partition.name),
        *("-E", ",".join(extended)),
        programs.image,
        f"{partition.size // _KIB}k",
    )
    commands = list(_debugfs_commands(partition.name, folder))
    if commands:
        script = "\n".join(commands) + "\n"
        place = f"{programs.image}?offset={placed.offset}"
        said = programs.run("debugfs", "-w", "-f", "-", place, stdin=script.encode())
        _check_debugfs(said.decode(errors="replace"))


def _debugfs_commands(partition: str, folder: str) -> Iterator[str]:
    """Yields the commands that copy a folder. Each entry belongs to root, which is debugfs' default."""
    for path, here in _walk(folder):
        name, above = os.path.basename(path), os.path.dirname(path)
        if '"' in path or not path.isprintable() or not path.isascii():
            raise InputError(
                f'{partition}:/{shown(path)}: use printable ASCII characters without "'
            )
        found = os.lstat(here)
        yield f'cd "/{above}"'
        if stat.S_ISDIR(found.st_mode):
            yield f'mkdir "{name}"'
            yield f'set_inode_field "{name}" mode 040755'
        elif stat.S_ISLNK(found.st_mode):
            yield f'symlink "{name}" "{os.readlink(here)}"'
        else:
            # From the folder of all file systems: its own path may have any name.
            yield f'write "{partition}/{path}" "{name}"'
            yield f'set_inode_field "{name}" mode 0100{_mode(found.st_mode):o}'
            blocks = -(-found.st_size // _EXT4_BLOCK_BYTES)
            if blocks:
                # `write` leaves holes, and a file of the client has its room reserved.
                yield f'fallocate "{name}" 0 {blocks - 1}'


def _mode(mode: int) -> int:
    """Returns 0600 for a private file, else 0755 or 0644: the umask of this machine does not matter."""
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return 0o600
    return 0o755 if mode & stat.S_IXUSR else 0o644


def _check_debugfs(said: str) -> None:
    """Raises ProgramFailed if a command failed, which the status of debugfs does not say."""
    for line in said.splitlines():
        fine = line.startswith(("debugfs", "Allocated inode:")) or not line.strip()
        if not fine:
            raise ProgramFailed(line.strip())
