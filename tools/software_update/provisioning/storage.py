"""The storage of a device that exists only as an image: `client.system.Storage` on the image being made.

The paths are those on the device. Partitions without a file system are windows into the image. A file system
is a folder next to the image, until `filesystems` makes it. The code of the client that installs and records
on devices thus makes the image, too.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from posixpath import normpath

from software_update.base import files
from software_update.base.errors import InputError, UsageError, shown
from software_update.client.shell.files import MachineFile, MachineStorage
from software_update.client.system import File
from software_update.provisioning.gpt import Disk, Placed
from software_update.provisioning.layout import Partition, is_plain_path

# Below this folder, every file system has a path, also without a mount.
_PARTITIONS = "/.partitions"
_ZERO_BYTES = 64 * 1024
_ZEROS = bytes(_ZERO_BYTES)


class Window:
    """A partition as an open block device. Zeros are not written: a new image has them as a hole."""

    def __init__(self, fd: int, path: str, placed: Placed, output: str) -> None:
        self._fd = fd
        self._path = path
        self._output = output
        self._offset = placed.offset
        self._size = placed.partition.size

    def size(self) -> int:
        """See `system.File.size`."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """See `system.File.read`."""
        wanted = max(0, min(length, self._size - offset))
        return b"".join(files.read_range(self._fd, self._offset + offset, wanted, max(1, wanted)))

    def write(self, offset: int, content: bytes | memoryview) -> None:
        """See `system.File.write`. Raises OSError at the end of the partition."""
        if offset + len(content) > self._size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._path)
        rest = memoryview(content)
        with _writing(self._output):
            self._write(offset, rest)

    def _write(self, offset: int, rest: memoryview) -> None:
        while rest:
            # To the next multiple, so a target has the same holes however it is cut into chunks.
            piece = rest[: _ZERO_BYTES - offset % _ZERO_BYTES]
            if piece != _ZEROS[: len(piece)]:
                _write_at(self._fd, self._offset + offset, piece)
            offset, rest = offset + len(piece), rest[len(piece) :]

    def truncate(self, length: int) -> None:
        """See `system.File.truncate`."""

    def sync(self) -> None:
        """See `system.File.sync`. A machine that fails leaves no image, so nothing needs it."""

    def drop_cache(self) -> None:
        """See `system.File.drop_cache`."""

    def close(self) -> None:
        """See `system.File.close`. The image stays open."""


@contextlib.contextmanager
def _writing(output: str) -> Iterator[None]:
    """Turns an error of this machine's disk into one about the output, which no code of the device handles.

    On a device, a full disk is a state; here, the image would lack something.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{output}: {error.strerror or error}") from None


def _write_at(fd: int, offset: int, content: memoryview) -> None:
    while content:
        written = os.pwrite(fd, content, offset)
        offset, content = offset + written, content[written:]


class ImageStorage:
    """See `system.Storage`. Every path is on a partition of the disk; others are missing.

    `staging` is a folder with the content of each file system, in a folder with its partition's name.
    `output` is the path of the image, for errors of this machine's disk.
    """

    def __init__(self, disk: Disk, image: int, staging: str, output: str) -> None:
        self._image = image
        self._output = output
        self._staging = staging
        self._machine = MachineStorage()
        self._devices = {each.partition.device: each for each in disk.partitions}
        self._mounts: dict[str, Partition] = {}
        for each in disk.partitions:
            partition = each.partition
            if partition.filesystem == "none":
                continue
            os.mkdir(os.path.join(staging, partition.name))
            self._mounts[f"{_PARTITIONS}/{partition.name}"] = partition
            if partition.mount is not None:
                self._mounts[partition.mount] = partition

    def path_of(self, place: str) -> str:
        """Returns a path of the device for PARTITION or PARTITION:/PATH. Raises UsageError."""
        name, sign, path = place.partition(":")
        device = next(
            (each for each in self._devices.values() if each.partition.name == name), None
        )
        if device is None:
            raise UsageError(f"'{shown(place)}': the layout has no partition '{shown(name)}'")
        if not sign and device.partition.filesystem == "none":
            return device.partition.device
        if device.partition.filesystem == "none" or path == "/" or not is_plain_path(path):
            raise UsageError(
                f"'{shown(place)}': write the name of a partition without a filesystem, or "
                "PARTITION:/PATH with one, such as esp:/EFI/BOOT/BOOTX64.EFI"
            )
        return f"{_PARTITIONS}/{name}{path}"

    def place(self, path: str) -> str | None:
        """Returns the place of a path: PARTITION, or PARTITION:/PATH. None if no partition has it."""
        path = normpath(path)
        if path in self._devices:
            return self._devices[path].partition.name
        found = self._mounted(path)
        return found and f"{found[0]}:/{found[1]}"

    def on_staging(self, partition: str, path: str) -> str:
        """Returns the path, on this machine, of a file in the file system of a partition."""
        return os.path.join(self._staging, partition, path.lstrip("/"))

    def _mounted(self, path: str) -> tuple[str, str] | None:
        """Returns the partition that has a path, and the path there; None if none has it."""
        above = path
        while True:
            partition = self._mounts.get(above)
            if partition is not None:
                return partition.name, path[len(above) :].lstrip("/")
            if above in ("/", ""):
                return None
            above = above.rpartition("/")[0] or "/"

    def _here(self, path: str) -> str:
        """Returns the path on this machine. Raises FileNotFoundError."""
        found = self._mounted(normpath(path))
        if found is None:
            raise FileNotFoundError(
                errno.ENOENT, "is on no partition of the layout; set the mount of one", path
            )
        return self.on_staging(*found)

    def open(self, path: str) -> File:
        """See `system.Storage.open`."""
        return self._window(path) or self._opened(path, os.O_RDONLY)

    def open_to_write(self, path: str) -> File:
        """See `system.Storage.open_to_write`."""
        return self._window(path) or self._opened(path, os.O_RDWR | os.O_CREAT)

    def _window(self, path: str) -> Window | None:
        placed = self._devices.get(normpath(path))
        if placed is None:
            return None
        if placed.partition.filesystem != "none":
            raise OSError(errno.EBUSY, "has a filesystem in the layout; set it to none", path)
        return Window(self._image, path, placed, self._output)

    def _opened(self, path: str, flags: int) -> File:
        here = self._here(path)
        is_new = bool(flags & os.O_CREAT) and not os.path.lexists(here)
        try:
            fd = os.open(here, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
            if is_new:
                os.fchmod(fd, 0o644)  # Whatever the umask says.
            return _StagedFile(fd, path, self._output)
        except OSError as error:
            error.filename = path
            raise

    def make_private(self, path: str) -> None:
        """See `system.Storage.make_private`."""
        self._machine.make_private(self._here(path))

    def make_executable(self, path: str) -> None:
        """Lets all users run a file. It has no effect on a partition, and in FAT."""
        if self._window(path) is None:
            os.chmod(self._here(path), 0o755)

    def exists(self, path: str) -> bool:
        """See `system.Storage.exists`."""
        path = normpath(path)
        if path in self._devices:
            return True
        found = self._mounted(path)
        return found is not None and self._machine.exists(self.on_staging(*found))

    def list(self, folder: str) -> Sequence[str]:
        """See `system.Storage.list`."""
        found = self._mounted(normpath(folder))
        return [] if found is None else self._machine.list(self.on_staging(*found))

    def make_folder(self, path: str) -> None:
        """See `system.Storage.make_folder`."""
        self._machine.make_folder(self._here(path))

    def remove(self, path: str) -> None:
        """See `system.Storage.remove`."""
        self._machine.remove(self._here(path))

    def rename(self, old: str, new: str) -> None:
        """See `system.Storage.rename`."""
        self._machine.rename(self._here(old), self._here(new))

    def sync_folder(self, path: str) -> None:
        """See `system.Storage.sync_folder`. See `Window.sync`."""

    def make_link(self, target: str, path: str) -> None:
        """See `system.Storage.make_link`."""
        self._machine.make_link(target, self._here(path))

    def read_link(self, path: str) -> str | None:
        """See `system.Storage.read_link`."""
        found = self._mounted(normpath(path))
        return None if found is None else self._machine.read_link(self.on_staging(*found))

    def free_bytes(self, folder: str) -> int:
        """See `system.Storage.free_bytes`: the partition's size without the files in it."""
        found = self._mounted(normpath(folder))
        if found is None:
            return 0
        size = next(each.size for each in self._mounts.values() if each.name == found[0])
        return max(0, size - _bytes_below(self.on_staging(found[0], "")))

    def lock(self, path: str) -> bool:
        """See `system.Storage.lock`. Only this process knows the image, so there is no file."""
        return True

    def owner_problem(self, path: str) -> str | None:
        """See `system.Storage.owner_problem`. Everything in the image belongs to root.

        A file that the image lacks, although its folder is on a partition, is a problem: the device would
        have to get it from elsewhere, before the client starts.
        """
        found = self._mounted(normpath(path))
        if found is None:
            return None
        try:
            mode = os.lstat(self.on_staging(*found)).st_mode
        except OSError:
            return f"is missing on partition {found[0]}; add it to the files"
        return None if stat.S_ISREG(mode) else "is not a regular file"


class _StagedFile(MachineFile):
    """A file of which only the content matters, until its file system is made."""

    def __init__(self, fd: int, path: str, output: str) -> None:
        super().__init__(fd, path)
        self._output = output

    def write(self, offset: int, content: bytes | memoryview) -> None:
        """See `system.File.write`."""
        with _writing(self._output):
            super().write(offset, content)

    def sync(self) -> None:
        """See `Window.sync`."""

    def drop_cache(self) -> None:
        """See `system.File.drop_cache`."""


def _bytes_below(folder: str) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        total += sum(os.lstat(os.path.join(path, name)).st_size for name in names)
    return total
