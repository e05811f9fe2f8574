"""Files, folders and links of a real machine: the Storage of `system`."""

import errno
import fcntl
import os
import pwd
import shutil
import stat
from collections.abc import Iterator, Sequence

from software_update.client.system import File

_MAX_LINKS = 40
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class MachineFile:
    """An open file or block device. See `system.File`."""

    def __init__(self, fd: int, path: str) -> None:
        self._fd = fd
        self._path = path
        self._device = stat.S_ISBLK(os.fstat(fd).st_mode)

    def size(self) -> int:
        """See `system.File.size`."""
        # A block device has no length in its status.
        return os.lseek(self._fd, 0, os.SEEK_END) if self._device else os.fstat(self._fd).st_size

    def read(self, offset: int, length: int) -> bytes:
        """See `system.File.read`."""
        content = os.pread(self._fd, length, offset)
        while 0 < len(content) < length:
            more = os.pread(self._fd, length - len(content), offset + len(content))
            if not more:
                break
            content += more
        return content

    def write(self, offset: int, content: bytes | memoryview) -> None:
        """See `system.File.write`."""
        rest = memoryview(content)
        while rest:
            written = os.pwrite(self._fd, rest, offset)
            if written == 0:
                raise OSError(errno.EIO, os.strerror(errno.EIO), self._path)
            offset, rest = offset + written, rest[written:]

    def truncate(self, length: int) -> None:
        """See `system.File.truncate`."""
        if not self._device:
            os.ftruncate(self._fd, length)

    def sync(self) -> None:
        """See `system.File.sync`."""
        os.fsync(self._fd)

    def drop_cache(self) -> None:
        """See `system.File.drop_cache`."""
        os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        """See `system.File.close`."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class MachineStorage:
    """The file systems of this machine. See `system.Storage`."""

    def __init__(self) -> None:
        self._locks: list[int] = []

    def open(self, path: str) -> File:
        """See `system.Storage.open`. Only regular files and block devices."""
        return _opened(path, os.O_RDONLY)

    def open_to_write(self, path: str) -> File:
        """See `system.Storage.open_to_write`."""
        return _opened(path, os.O_RDWR | os.O_CREAT)

    def make_private(self, path: str) -> None:
        """See `system.Storage.make_private`."""
        os.chmod(path, 0o600)

    def exists(self, path: str) -> bool:
        """See `system.Storage.exists`."""
        try:
            os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def list(self, folder: str) -> Sequence[str]:
        """See `system.Storage.list`."""
        try:
            return sorted(os.listdir(folder))
        except FileNotFoundError:
            return []

    def make_folder(self, path: str) -> None:
        """See `system.Storage.make_folder`."""
        os.makedirs(path, 0o755, exist_ok=True)

    def remove(self, path: str) -> None:
        """See `system.Storage.remove`. Follows no link."""
        try:
            if stat.S_ISDIR(os.lstat(path).st_mode):
                shutil.rmtree(path)
            else:
                os.unlink(path)
        except (FileNotFoundError, NotADirectoryError):
            return

    def rename(self, old: str, new: str) -> None:
        """See `system.Storage.rename`."""
        os.rename(old, new)

    def sync_folder(self, path: str) -> None:
        """See `system.Storage.sync_folder`."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def make_link(self, target: str, path: str) -> None:
        """See `system.Storage.make_link`."""
        os.symlink(target, path)

    def read_link(self, path: str) -> str | None:
        """See `system.Storage.read_link`."""
        try:
            return os.readlink(path)
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOENT, errno.ENOTDIR):
                return None
            raise

    def free_bytes(self, folder: str) -> int:
        """See `system.Storage.free_bytes`."""
        found = os.statvfs(folder)
        return found.f_bavail * found.f_frsize

    def lock(self, path: str) -> bool:
        """See `system.Storage.lock`."""
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(fd)
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return False
            raise
        self._locks.append(fd)
        return True

    def unlock(self) -> None:
        """Gives up all locks, for a process that goes on without a client."""
        while self._locks:
            os.close(self._locks.pop())

    def owner_problem(self, path: str) -> str | None:
        """See `system.Storage.owner_problem`.

        Looks at links on the way, too. Others may write to a folder with the sticky bit, such as `/tmp`,
        because they cannot replace files in it that are not theirs.
        """
        allowed = {0, os.geteuid()}
        try:
            for place, found in _steps(path):
                if found.st_uid not in allowed:
                    return f"{place} belongs to {_user(found.st_uid)}; give it to root (chown root)"
                if _others_may_write(found):
                    return f"others may write to {place}; forbid it (chmod go-w)"
        except OSError as error:
            return f"cannot be checked: {error.strerror or error}"
        return None


def _opened(path: str, flags: int) -> MachineFile:
    # Without O_NONBLOCK, opening a pipe would wait for its other end.
    fd = os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK, 0o644)
    try:
        mode = os.fstat(fd).st_mode
        if stat.S_ISDIR(mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(mode) and not stat.S_ISBLK(mode):
            raise OSError(errno.EINVAL, "is not a regular file or a block device", path)
        return MachineFile(fd, path)
    except BaseException:
        os.close(fd)
        raise


def _steps(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yields each folder and link on the way to a file, and the file."""
    current, links = "/", 0
    yield current, os.lstat(current)
    rest = path.split("/")[::-1]
    while rest:
        name = rest.pop()
        if name in ("", "."):
            continue
        if name == "..":
            current = os.path.dirname(current)
            continue
        place = os.path.join(current, name)
        found = os.lstat(place)
        yield place, found
        if not stat.S_ISLNK(found.st_mode):
            current = place
            continue
        links += 1
        if links > _MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        target = os.readlink(place)
        current = "/" if target.startswith("/") else current
        rest += target.split("/")[::-1]


def _others_may_write(found: os.stat_result) -> bool:
    if stat.S_ISLNK(found.st_mode):
        return False
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:
        return False
    return bool(found.st_mode & _WRITABLE_BY_OTHERS)


def _user(number: int) -> str:
    try:
        return f"user {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"uid {number}"
