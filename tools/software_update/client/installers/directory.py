"""Slots that are folders: each target is a file below its slot's folder, under its own name."""

from collections.abc import Mapping
from posixpath import dirname, join

from software_update.client.installer import InstallError, PartWriter
from software_update.client.installers.file_writer import FileWriter, cut_off, read_file, sync_file
from software_update.client.paths import folders_above, naming
from software_update.client.system import Storage
from software_update.format.names import name_problem

# The name of a file that is being written. Targets cannot have it.
_BESIDE = "~"


class DirectoryInstaller:
    """An installer of any number of targets into folders, one for each slot.

    `slots` has the folder of each slot. Their parents must exist. A target appears under its name, such as
    `lib/app.py`, when all of its bytes are on the medium. It continues a target after a power cut
    (`ResumesTargets`).

        DirectoryInstaller(system.storage, {"A": "/srv/app/slots/A", "B": "/srv/app/slots/B"})
    """

    def __init__(self, storage: Storage, slots: Mapping[str, str]) -> None:
        self._storage = storage
        self._slots = dict(slots)

    def check(self) -> list[str]:
        """Returns the problems of the folders: one inside another, and missing parents."""
        folders = list(self._slots.values())
        found = [
            f"{folder}: the folders of two slots overlap; give each its own"
            for number, folder in enumerate(folders)
            if any(
                f"{other}/".startswith(f"{folder}/")
                for place, other in enumerate(folders)
                if place != number
            )
        ]
        parents = dict.fromkeys(dirname(folder) for folder in folders)
        found += [
            f"{parent}: missing; create it, or correct the path"
            for parent in parents
            if not self._storage.exists(parent)
        ]
        return found

    def problem(self, slot: str, target: str, length: int) -> str | None:
        """Returns why the target does not fit into the free space and the space that `clear` frees."""
        try:
            self._path(slot, target)
            folder = self._slots[slot]
            room = self._storage.free_bytes(dirname(folder)) + self._bytes_below(folder)
        except OSError as error:
            return str(error)
        if length <= room:
            return None
        return f"{folder}: has room for {room} bytes, and target '{target}' has {length}"

    def clear(self, slot: str) -> None:
        """Empties the slot's folder, and creates it if it is missing."""
        folder = self._folder(slot)
        with naming(folder, InstallError):
            for name in self._storage.list(folder):
                self._storage.remove(join(folder, name))
            self._storage.make_folder(folder)
            self._storage.sync_folder(folder)
            self._storage.sync_folder(dirname(folder))

    def begin(self, slot: str, target: str, length: int) -> PartWriter:
        """Starts to write a file next to the target, and creates the folders above it."""
        return self.resume(slot, target, length, 0)

    def read_part(self, slot: str, target: str, offset: int, length: int) -> bytes:
        """Returns bytes of the file next to the target, of which a folder has one."""
        beside = _beside(self._path(slot, target))
        if self._storage.read_link(beside) is not None:
            raise FileNotFoundError(f"{beside}: is a link")
        return read_file(self._storage, beside, offset, length)

    def sync_target(self, slot: str, target: str) -> None:
        """Puts the target's file on the medium, and its names."""
        path = self._path(slot, target)
        sync_file(self._storage, path)
        with naming(path, InstallError):
            self._sync_names(slot, path)

    def resume(self, slot: str, target: str, length: int, offset: int) -> PartWriter:
        """Starts to write after the first `offset` bytes of the file next to the target."""
        path = self._path(slot, target)
        beside = _beside(path)

        def sync_names() -> None:
            self._sync_names(slot, path)

        def publish() -> None:
            self._storage.rename(beside, path)
            sync_names()

        with naming(path, InstallError):
            self._storage.make_folder(dirname(path))
            if not offset or self._storage.read_link(beside) is not None:
                self._storage.remove(beside)
            file = self._storage.open_to_write(beside)
        cut_off(file, path, offset)
        return FileWriter(file, path, length, publish, start=offset, sync_name=sync_names)

    def read(self, slot: str, target: str, offset: int, length: int) -> bytes:
        """Returns bytes of the target's file."""
        return read_file(self._storage, self._path(slot, target), offset, length)

    def _sync_names(self, slot: str, path: str) -> None:
        # A folder's own name is on the medium when its parent is.
        for folder in folders_above(path, dirname(self._slots[slot])):
            self._storage.sync_folder(folder)

    def _folder(self, slot: str) -> str:
        if slot not in self._slots:
            raise InstallError(f"slot '{slot}': has no folder; add one")
        return self._slots[slot]

    def _path(self, slot: str, target: str) -> str:
        fault = name_problem(target)
        if fault:
            raise InstallError(f"target '{target}': its name {fault}")
        return join(self._folder(slot), target)

    def _bytes_below(self, path: str) -> int:
        """Returns the bytes in the files below a folder; 0 if it is missing."""
        if self._storage.read_link(path) is not None:
            return 0
        try:
            names = self._storage.list(path)
        except NotADirectoryError:
            file = self._storage.open(path)
            try:
                return file.size()
            finally:
                file.close()
        return sum(self._bytes_below(join(path, name)) for name in names)


def _beside(path: str) -> str:
    """Returns the path of the file in which a target is written."""
    return join(dirname(path), _BESIDE)
