"""Raw slots: one target fills a partition or a file from its first byte on."""

from collections.abc import Mapping
from posixpath import dirname

from software_update.client.installer import InstallError, PartWriter
from software_update.client.installers.file_writer import FileWriter, cut_off, read_file, sync_file
from software_update.client.paths import naming
from software_update.client.system import Storage

# Devices are here, and do not grow.
_DEVICES = "/dev/"


class RawInstaller:
    """An installer of one target into block devices or files, one for each slot.

    `slots` has the path of each slot. A device may be larger than the target; its other bytes stay as they
    are. A file has the target's length afterwards. It continues a target after a power cut
    (`ResumesTargets`).

        RawInstaller(system.storage, "rootfs", {"A": "/dev/mmcblk0p2", "B": "/dev/mmcblk0p3"})
    """

    def __init__(self, storage: Storage, target: str, slots: Mapping[str, str]) -> None:
        self._storage = storage
        self._target = target
        self._slots = dict(slots)

    def check(self) -> list[str]:
        """Returns the problems of the paths: two that are the same, and those that cannot be opened."""
        paths = list(self._slots.values())
        found = [
            f"{path}: is the path of several slots; give each its own"
            for path in sorted(set(paths))
            if paths.count(path) > 1
        ]
        for path in paths:
            try:
                self._size(path)
            except OSError as error:
                found.append(str(error))
        return found

    def problem(self, slot: str, target: str, length: int) -> str | None:
        """Returns why the target does not fit: the device is too small, or its file cannot grow enough."""
        try:
            path = self._path(slot, target)
            size = self._size(path)
            room = size
            if not path.startswith(_DEVICES):
                room += self._storage.free_bytes(dirname(path))
        except OSError as error:
            return str(error)
        if length <= room:
            return None
        return f"{path}: has room for {room} bytes, and target '{target}' has {length}"

    def clear(self, slot: str) -> None:
        """Empties the slot if it is a file. The bytes of a device are replaced by the next target."""
        path = self._slots.get(slot)
        if path is None or path.startswith(_DEVICES) or not self._storage.exists(path):
            return
        with naming(path, InstallError):
            file = self._storage.open_to_write(path)
            try:
                file.truncate(0)
                file.sync()
            finally:
                file.close()

    def begin(self, slot: str, target: str, length: int) -> PartWriter:
        """Empties the slot if it is a file, and starts to write. Raises InstallError if it is missing."""
        return self.resume(slot, target, length, 0)

    def read_part(self, slot: str, target: str, offset: int, length: int) -> bytes:
        """Returns bytes of the slot, like `read`."""
        return self.read(slot, target, offset, length)

    def sync_target(self, slot: str, target: str) -> None:
        """Puts the bytes of the slot on the medium."""
        sync_file(self._storage, self._path(slot, target))

    def resume(self, slot: str, target: str, length: int, offset: int) -> PartWriter:
        """Starts to write after the first `offset` bytes of the slot. See `ResumesTargets`."""
        path = self._path(slot, target)
        self._size(path)  # Without a device, opening to write would create a file.
        with naming(path, InstallError):
            file = self._storage.open_to_write(path)
        cut_off(file, path, offset)
        return FileWriter(file, path, length, lambda: None, start=offset)

    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        """Returns bytes of the slot; of a device, also those after the target."""
        return read_file(self._storage, self._path(slot, target), offset, length)

    def _path(self, slot: str, target: str) -> str:
        if target != self._target:
            raise InstallError(f"target '{target}': its installer takes only '{self._target}'")
        if slot not in self._slots:
            raise InstallError(f"slot '{slot}': has no path for target '{target}'; add one")
        return self._slots[slot]

    def _size(self, path: str) -> int:
        if not self._storage.exists(path):
            raise InstallError(f"{path}: missing; create it, or correct the path")
        with naming(path, InstallError):
            file = self._storage.open(path)
            try:
                return file.size()
            finally:
                file.close()
