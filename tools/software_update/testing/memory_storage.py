"""Files in memory that lose everything unsynced in a power cut, for tests of the client."""

import errno
import os
from dataclasses import dataclass, field


@dataclass
class _Content:
    """The bytes of a file, and those on the medium."""

    now: bytearray = field(default_factory=bytearray)
    durable: bytes = b""


@dataclass
class _Folder:
    """The names in a folder, and those on the medium."""

    now: dict[str, "_Node"] = field(default_factory=dict)
    durable: dict[str, "_Node"] = field(default_factory=dict)


# A link is a text.
_Node = _Content | _Folder | str


class MemoryFile:
    """An open file of a MemoryStorage. Files below /dev/ are devices, whose length is fixed."""

    def __init__(self, storage: "MemoryStorage", path: str, content: _Content) -> None:
        self._storage = storage
        self._path = path
        self._content = content
        self._device = path.startswith("/dev/")
        storage.open_files += 1

    def size(self) -> int:
        return len(self._content.now)

    def read(self, offset: int, length: int) -> bytes:
        self._storage.act("read", self._path)
        return bytes(self._content.now[offset : offset + length])

    def write(self, offset: int, content: bytes | memoryview) -> None:
        self._storage.act("write", self._path)
        end = offset + len(content)
        missing = max(0, end - self.size())
        if missing > (0 if self._device else self._storage.free):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._path)
        self._content.now.extend(bytes(missing))
        self._storage.free -= missing
        self._content.now[offset:end] = content

    def truncate(self, length: int) -> None:
        self._storage.act("truncate", self._path)
        if not self._device:
            self._storage.free += self.size() - length
            del self._content.now[length:]
            self._content.now.extend(bytes(length - self.size()))

    def sync(self) -> None:
        self._storage.act("sync", self._path)
        self._content.durable = bytes(self._content.now)

    def drop_cache(self) -> None:
        self._storage.act("drop_cache", self._path)

    def close(self) -> None:
        self._storage.open_files -= 1


class MemoryStorage:
    """Files, folders and links in memory. `free` bytes can still be written.

    `log` has every call that reads or changes something, as "verb path". The call number `fail_at` of them,
    counted from 0, raises OSError (EIO) instead, and so do all after it if `fail_for_good`.
    """

    def __init__(self) -> None:
        self.free = 1 << 20
        self.log: list[str] = []
        self.fail_at: int | None = None
        self.fail_for_good = True
        self.open_files = 0
        self._root = _Folder()

    def act(self, verb: str, path: str) -> None:
        """Logs a call, or fails."""
        number = len(self.log)
        self.log.append(f"{verb} {path}")
        if self.fail_at is not None and (
            number == self.fail_at or (number > self.fail_at and self.fail_for_good)
        ):
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)

    def cut_power(self) -> None:
        """Loses everything that was not synced, and makes the medium work again."""
        self.fail_at = None
        self.open_files = 0
        pending: list[_Node] = [self._root]
        while pending:
            node = pending.pop()
            if isinstance(node, _Content):
                node.now = bytearray(node.durable)
            elif isinstance(node, _Folder):
                node.now = dict(node.durable)
                pending += node.now.values()

    def sync_all(self) -> None:
        """Puts everything on the medium."""
        pending: list[_Node] = [self._root]
        while pending:
            node = pending.pop()
            if isinstance(node, _Content):
                node.durable = bytes(node.now)
            elif isinstance(node, _Folder):
                node.durable = dict(node.now)
                pending += node.now.values()

    def put(self, path: str, content: bytes) -> None:
        """Writes a file, and puts it and its new folders on the medium."""
        self.make_folder(os.path.dirname(path))
        self._parent(path).now[os.path.basename(path)] = _Content(bytearray(content), content)
        self.sync_all()
        self.log.clear()

    def content(self, path: str) -> bytes:
        """Returns the bytes of a file."""
        node = self._find(path)
        assert isinstance(node, _Content), path
        return bytes(node.now)

    def open(self, path: str) -> MemoryFile:
        node = self._find(path)
        if node is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if not isinstance(node, _Content):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        return MemoryFile(self, path, node)

    def open_to_write(self, path: str) -> MemoryFile:
        if self._find(path) is None:
            self.act("create", path)
            self._parent(path).now[os.path.basename(path)] = _Content()
        return self.open(path)

    def make_private(self, path: str) -> None:
        self.act("make private", path)

    def exists(self, path: str) -> bool:
        return self._find(path, follow=False) is not None

    def list(self, folder: str) -> "list[str]":
        node = self._find(folder)
        if node is not None and not isinstance(node, _Folder):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
        return sorted(node.now) if node else []

    def make_folder(self, path: str) -> None:
        node: _Node | None = self._root
        for part in path.strip("/").split("/"):
            assert isinstance(node, _Folder)
            node = node.now.setdefault(part, _Folder())
            if not isinstance(node, _Folder):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        self.act("make_folder", path)

    def remove(self, path: str) -> None:
        self.act("remove", path)
        if self.exists(path):
            removed = self._parent(path).now.pop(os.path.basename(path))
            self.free += _size(removed)

    def rename(self, old: str, new: str) -> None:
        self.act("rename", f"{old} {new}")
        there = self._find(new, follow=False)
        if isinstance(there, _Folder):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), new)
        self.free += _size(there)
        node = self._parent(old).now.pop(os.path.basename(old))
        self._parent(new).now[os.path.basename(new)] = node

    def sync_folder(self, path: str) -> None:
        self.act("sync_folder", path)
        node = self._find(path)
        assert isinstance(node, _Folder), path
        node.durable = dict(node.now)

    def make_link(self, target: str, path: str) -> None:
        self.act("make_link", path)
        if self.exists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        self._parent(path).now[os.path.basename(path)] = target

    def read_link(self, path: str) -> str | None:
        node = self._find(path, follow=False)
        return node if isinstance(node, str) else None

    def free_bytes(self, folder: str) -> int:
        assert isinstance(self._find(folder), _Folder), folder
        return self.free

    def lock(self, path: str) -> bool:
        return True

    def owner_problem(self, path: str) -> str | None:
        return None

    def _find(self, path: str, *, follow: bool = True) -> _Node | None:
        node: _Node = self._root
        parts = [part for part in path.split("/") if part]
        for number, part in enumerate(parts):
            if not isinstance(node, _Folder) or part not in node.now:
                return None
            node = node.now[part]
            if isinstance(node, str) and (follow or number < len(parts) - 1):
                folder = "/" + "/".join(parts[:number])
                found = self._find(os.path.normpath(os.path.join(folder, node)))
                if found is None:
                    return None
                node = found
        return node

    def _parent(self, path: str) -> _Folder:
        node = self._find(os.path.dirname(path))
        if not isinstance(node, _Folder):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return node


def _size(node: _Node | None) -> int:
    if isinstance(node, _Folder):
        return sum(_size(each) for each in node.now.values())
    return len(node.now) if isinstance(node, _Content) else 0
