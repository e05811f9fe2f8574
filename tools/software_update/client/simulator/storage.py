"""Storage that forgets what was not synced when the power fails."""

import errno
import posixpath
from collections.abc import Iterable, Mapping, Sequence

from software_update.client.simulator.changes import (
    KEPT,
    Change,
    Names,
    Snapshot,
    Truncate,
    Write,
    apply,
    content_of,
    resized,
    spoiled,
)
from software_update.client.simulator.image import ROOT, Device, Folder, Image, Link, Node, Tree
from software_update.client.simulator.power import Power, PowerCut

_MAX_LINKS = 40


class SimulatedStorage:
    """A `system.Storage` on an image, from the start of the machine until its power fails.

    Written bytes are safe after `File.sync`, and names after `sync_folder` of their folder; a new folder
    needs a sync of the folder above it. Everything else may be lost, see `changes`.

    `capacity` is the number of bytes that all regular files may have together. `read_only` are folders
    below which every change fails. `bad_sectors` are (path, number): the medium corrupts them silently
    when it writes them, which a read shows only after `drop_cache`. `unsafe` are paths that a user other
    than root could change, with the reason.
    """

    def __init__(
        self,
        image: Image,
        power: Power | None = None,
        *,
        capacity: int | None = None,
        read_only: Sequence[str] = (),
        bad_sectors: Iterable[tuple[str, int]] = (),
        unsafe: Mapping[str, str] | None = None,
    ) -> None:
        self.power = power or Power()
        self.alive = False
        self.locked: set[str] = set()
        self.capacity = capacity
        self.read_only = tuple(read_only)
        self.unsafe = dict(unsafe or {})
        # The medium. The mapping is replaced and never modified: snapshots share it.
        self._nodes: dict[int, Node] = {}
        folders: dict[int, dict[str, int]] = {}
        for number, node in enumerate(image.nodes):
            if isinstance(node, Folder):
                folders[number] = dict(node.entries)
            else:
                self._nodes[number] = node
        self._tree = Tree(folders)
        self._pending: list[Change] = []
        # The view of programs: what differs from the medium.
        self._cached: dict[int, bytearray] = {}
        self._names = {number: dict(names) for number, names in folders.items()}
        self._next = len(image.nodes)
        self._bad = frozenset((self._existing(path), sector) for path, sector in bad_sectors)

    # The test's side.

    @classmethod
    def resumed(cls, snapshot: Snapshot, power: Power | None = None) -> "SimulatedStorage":
        """Returns the storage of a machine that is still on, after its programs were killed."""
        storage = cls(Image(), power)
        storage.alive = True
        storage._nodes = dict(snapshot.nodes)
        storage._tree = tree = snapshot.tree
        storage._pending = list(snapshot.pending)
        storage._bad = snapshot.bad
        for change in snapshot.pending:
            if isinstance(change, Names):
                tree = tree.renamed(change.entries)
            else:
                storage._show(change)
        storage._names = {number: dict(names) for number, names in tree.folders.items()}
        storage._next = 1 + max([*storage._nodes, *storage._names])
        return storage

    def snapshot(self, what: str = "the end") -> Snapshot:
        """Returns the state of the medium now."""
        return Snapshot(
            self.power.points,
            what,
            self._nodes,
            self._tree,
            tuple(self._pending),
            self._bad,
        )

    def image(self) -> Image:
        """Returns the image after an orderly end, with everything that is pending."""
        snapshot = self.snapshot()
        return snapshot.outcome((KEPT,) * len(snapshot.pending))

    def show(self, path: str, content: bytes) -> None:
        """Replaces a file on the medium at once, as the kernel does in `/proc`. Not a crash point."""
        self._nodes = {**self._nodes, self._existing(path): content}

    # system.Storage

    def open(self, path: str) -> "SimulatedFile":
        """See `system.Storage.open`."""
        self.power.check()
        number = self._existing(path)
        if number in self._names:
            raise _error(errno.EISDIR, path)
        return SimulatedFile(self, number, path, writable=False)

    def open_to_write(self, path: str) -> "SimulatedFile":
        """See `system.Storage.open_to_write`."""
        self.power.check()
        folder, name, number = self._resolve(path)
        self._writable(path)
        if number is None:
            number = self._new(b"")
            self._rename(f"create {path}", path, (folder, name, number))
        elif number in self._names:
            raise _error(errno.EISDIR, path)
        return SimulatedFile(self, number, path, writable=True)

    def make_private(self, path: str) -> None:
        """See `system.Storage.make_private`. Permissions are not simulated."""
        self.power.check()
        self._existing(path)

    def exists(self, path: str) -> bool:
        """See `system.Storage.exists`."""
        self.power.check()
        try:
            return self._resolve(path, follow=False)[2] is not None
        except (FileNotFoundError, NotADirectoryError):
            return False

    def list(self, folder: str) -> Sequence[str]:
        """See `system.Storage.list`."""
        self.power.check()
        try:
            number = self._resolve(folder)[2]
        except FileNotFoundError:
            return []
        if number is None:
            return []
        if number not in self._names:
            raise _error(errno.ENOTDIR, folder)
        return sorted(self._names[number])

    def make_folder(self, path: str) -> None:
        """See `system.Storage.make_folder`."""
        self.power.check()
        above = posixpath.dirname(path)
        if above != path and self._node(above) is None:
            self.make_folder(above)
        folder, name, number = self._resolve(path, follow=False)
        if number is None:
            self._writable(path)
            number = self._next
            self._next += 1
            self._tree = Tree({**self._tree.folders, number: {}})
            self._names[number] = {}
            self._rename(f"make folder {path}", path, (folder, name, number))
        elif self._node(path) not in self._names:
            raise _error(errno.EEXIST, path)

    def remove(self, path: str) -> None:
        """See `system.Storage.remove`. Each name below a folder is one crash point."""
        self.power.check()
        try:
            folder, name, number = self._resolve(path, follow=False)
        except (FileNotFoundError, NotADirectoryError):
            return
        if number is None:
            return
        self._writable(path)
        if number in self._names:
            for inner in sorted(self._names[number]):
                self.remove(f"{path}/{inner}")
        self._rename(f"remove {path}", path, (folder, name, None))

    def rename(self, old: str, new: str) -> None:
        """See `system.Storage.rename`."""
        self.power.check()
        from_folder, from_name, number = self._resolve(old, follow=False)
        if number is None:
            raise _error(errno.ENOENT, old)
        to_folder, to_name, replaced = self._resolve(new, follow=False)
        self._writable(old)
        self._writable(new)
        if number == replaced:
            return
        self._check_rename(number, replaced, to_folder, new)
        self._rename(
            f"rename {old} to {new}",
            new,
            (from_folder, from_name, None),
            (to_folder, to_name, number),
        )

    def _check_rename(self, number: int, replaced: int | None, folder: int, path: str) -> None:
        if number in self._names and self._is_inside(folder, number):
            raise _error(errno.EINVAL, path)
        if replaced is None:
            return
        if number not in self._names and replaced in self._names:
            raise _error(errno.EISDIR, path)
        if number in self._names and replaced not in self._names:
            raise _error(errno.ENOTDIR, path)
        if self._names.get(replaced):
            raise _error(errno.ENOTEMPTY, path)

    def _is_inside(self, folder: int, above: int) -> bool:
        return folder == above or any(
            self._is_inside(folder, inner)
            for inner in self._names[above].values()
            if inner in self._names
        )

    def sync_folder(self, path: str) -> None:
        """See `system.Storage.sync_folder`."""
        self.power.check()
        number = self._existing(path)
        if number not in self._names:
            raise _error(errno.ENOTDIR, path)
        self._point(f"sync folder {path}")
        pending: list[Change] = []
        done: list[tuple[int, str, int | None]] = []
        for change in self._pending:
            if not isinstance(change, Names):
                pending.append(change)
                continue
            done += [entry for entry in change.entries if entry[0] == number]
            rest = tuple(entry for entry in change.entries if entry[0] != number)
            if rest:
                pending.append(Names(rest, change.path))
        self._pending = pending
        if done:
            self._tree = self._tree.renamed(done)

    def make_link(self, target: str, path: str) -> None:
        """See `system.Storage.make_link`."""
        self.power.check()
        folder, name, number = self._resolve(path, follow=False)
        if number is not None:
            raise _error(errno.EEXIST, path)
        self._writable(path)
        self._rename(f"link {path}", path, (folder, name, self._new(Link(target))))

    def read_link(self, path: str) -> str | None:
        """See `system.Storage.read_link`."""
        self.power.check()
        try:
            number = self._resolve(path, follow=False)[2]
        except (FileNotFoundError, NotADirectoryError):
            return None
        node = self._nodes.get(number) if number is not None else None
        return node.target if isinstance(node, Link) else None

    def free_bytes(self, folder: str) -> int:
        """See `system.Storage.free_bytes`."""
        self.power.check()
        if self.capacity is None:
            return 1 << 40
        return max(0, self.capacity - self.used())

    def lock(self, path: str) -> bool:
        """See `system.Storage.lock`. Nothing else runs on a simulated device, except for `locked` paths."""
        self.open_to_write(path).close()
        return path not in self.locked

    def owner_problem(self, path: str) -> str | None:
        """See `system.Storage.owner_problem`."""
        self.power.check()
        return self.unsafe.get(path)

    # SimulatedFile's side.

    def content(self, number: int) -> bytes | bytearray:
        """Returns the bytes that programs see in a file."""
        cached = self._cached.get(number)
        return content_of(self._nodes[number]) if cached is None else cached

    def write(self, number: int, path: str, offset: int, content: bytes) -> None:
        """Writes into a file; as many bytes as fit if the storage is full."""
        fits = len(content)
        size = len(self.content(number))
        full = isinstance(self._nodes[number], Device) and offset + len(content) > size
        if full:
            fits = max(0, size - offset)
        elif self.capacity is not None and offset + len(content) > size:
            fits = min(fits, max(0, size - offset + self.capacity - self.used()))
            full = fits < len(content)
        if fits:
            change = Write(number, offset, content[:fits], path)
            self._change(f"write {path} {offset}+{fits}", change)
            self._show(change)
        if full:
            raise _error(errno.ENOSPC, path)

    def truncate(self, number: int, path: str, length: int) -> None:
        """Changes the length of a file."""
        if isinstance(self._nodes[number], Device) or len(self.content(number)) == length:
            return
        change = Truncate(number, length, path)
        self._change(f"truncate {path} {length}", change)
        self._show(change)

    def sync(self, number: int, path: str) -> None:
        """Puts a file on the medium.

        If this fails, as on Linux, the pending changes never reach the medium, and reads show them until
        the cache is dropped.
        """
        mine = [change for change in self._pending if not isinstance(change, Names)]
        mine = [change for change in mine if change.node == number]
        done = set(map(id, mine))
        rest = [change for change in self._pending if id(change) not in done]
        try:
            self._point(f"sync {path}")
        except OSError:
            self._pending = rest
            raise
        self._pending = rest
        before = self._nodes[number]
        content = content_of(before)
        for change in mine:
            if isinstance(change, Truncate):
                content = resized(content, change.length)
            else:
                pieces = [(change.offset, change.content)]
                content = apply(content, spoiled(number, pieces, self._bad))
        after = Device(content) if isinstance(before, Device) else content
        self._nodes = {**self._nodes, number: after}

    def drop_cache(self, number: int) -> None:
        """Makes the next reads come from the medium, except for changes that are not on it."""
        if not any(not isinstance(each, Names) and each.node == number for each in self._pending):
            self._cached.pop(number, None)

    # Inner parts.

    def _point(self, what: str) -> None:
        power = self.power
        power.points += 1
        if power.observe is not None:
            power.observe(self.snapshot(what))
        if power.points == power.cut_at:
            power.cut = self.snapshot(what)
            raise PowerCut(f"the power fails at crash point {power.points}: {what}")
        code = power.failures.get(power.points)
        if code is not None:
            raise _error(code, what)

    def _change(self, what: str, change: Change) -> None:
        self._pending.append(change)
        try:
            self._point(what)
        except OSError:
            self._pending.pop()
            raise

    def _rename(self, what: str, path: str, *entries: tuple[int, str, int | None]) -> None:
        self._change(what, Names(entries, path))
        for folder, name, node in entries:
            if node is None:
                self._names[folder].pop(name, None)
            else:
                self._names[folder][name] = node

    def _show(self, change: Write | Truncate) -> None:
        """Changes the content that programs see."""
        cached = self._cached.get(change.node)
        if cached is None:
            cached = self._cached[change.node] = bytearray(content_of(self._nodes[change.node]))
        if isinstance(change, Truncate):
            cached[:] = resized(bytes(cached), change.length)
            return
        if change.offset > len(cached):
            cached.extend(bytes(change.offset - len(cached)))
        cached[change.offset : change.offset + len(change.content)] = change.content

    def _new(self, node: Node) -> int:
        number = self._next
        self._next += 1
        self._nodes = {**self._nodes, number: node}
        return number

    def used(self) -> int:
        return sum(
            len(self.content(number))
            for names in self._names.values()
            for number in names.values()
            if isinstance(self._nodes.get(number), bytes)
        )

    def _writable(self, path: str) -> None:
        for folder in self.read_only:
            if path == folder or path.startswith(folder.rstrip("/") + "/"):
                raise _error(errno.EROFS, path)

    def _node(self, path: str) -> int | None:
        """Returns the node that a path leads to, through links; None if there is none."""
        try:
            return self._resolve(path)[2]
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _existing(self, path: str) -> int:
        number = self._resolve(path)[2]
        if number is None:
            raise _error(errno.ENOENT, path)
        return number

    def _resolve(
        self, path: str, *, follow: bool = True, links: int = 0
    ) -> tuple[int, str, int | None]:
        """Returns the folder of a path, the last name, and the node there; None if there is none."""
        if not path.startswith("/"):
            raise ValueError(f"{path}: is not an absolute path")
        names = [name for name in posixpath.normpath(path).split("/") if name]
        place = ROOT
        if not names:
            return ROOT, "", ROOT
        for index, name in enumerate(names):
            last = index == len(names) - 1
            if place not in self._names:
                raise _error(errno.ENOTDIR, path)
            number = self._names[place].get(name)
            node = self._nodes.get(number) if number is not None else None
            if isinstance(node, Link) and (follow or not last):
                if links == _MAX_LINKS:
                    raise _error(errno.ELOOP, path)
                inside = "/" + "/".join(names[:index])
                onward = "/".join([posixpath.join(inside, node.target), *names[index + 1 :]])
                return self._resolve(onward, follow=follow, links=links + 1)
            if last:
                return place, name, number
            if number is None:
                raise _error(errno.ENOENT, path)
            place = number
        raise AssertionError(path)


class SimulatedFile:
    """A `system.File` of `SimulatedStorage`."""

    def __init__(
        self, storage: SimulatedStorage, number: int, path: str, *, writable: bool
    ) -> None:
        self._storage = storage
        self._number = number
        self._path = path
        self._writable = writable
        self._closed = False

    def size(self) -> int:
        """See `system.File.size`."""
        self._check()
        return len(self._storage.content(self._number))

    def read(self, offset: int, length: int) -> bytes:
        """See `system.File.read`."""
        self._check()
        return bytes(self._storage.content(self._number)[offset : offset + length])

    def write(self, offset: int, content: bytes | memoryview) -> None:
        """See `system.File.write`."""
        self._check(to_write=True)
        self._storage.write(self._number, self._path, offset, bytes(content))

    def truncate(self, length: int) -> None:
        """See `system.File.truncate`."""
        self._check(to_write=True)
        self._storage.truncate(self._number, self._path, length)

    def sync(self) -> None:
        """See `system.File.sync`."""
        self._check()
        self._storage.sync(self._number, self._path)

    def drop_cache(self) -> None:
        """See `system.File.drop_cache`."""
        self._check()
        self._storage.drop_cache(self._number)

    def close(self) -> None:
        """See `system.File.close`."""
        self._closed = True

    def _check(self, *, to_write: bool = False) -> None:
        self._storage.power.check()
        if self._closed or (to_write and not self._writable):
            raise _error(errno.EBADF, self._path)


def _error(code: int, path: str) -> OSError:
    return OSError(code, errno.errorcode[code], path)
