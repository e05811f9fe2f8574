"""Runs a test in a mount namespace of its own, with small file systems that nothing else sees."""

import ctypes
import os
import traceback
from collections.abc import Callable
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18


def in_namespace(test: Callable[[], None]) -> None:
    """Runs a function in a child that has a mount namespace. Raises AssertionError with its error."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        _run(test, write)
    os.close(write)
    with open(read, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    assert (status, said) == (0, ""), said


def _run(test: Callable[[], None], write: int) -> None:
    try:
        _enter()
        test()
    except BaseException:
        os.write(write, traceback.format_exc().encode())
    finally:
        os._exit(0)


def _enter() -> None:
    user, group = os.geteuid(), os.getegid()
    _call("unshare", _CLONE_NEWNS | (_CLONE_NEWUSER if user else 0))
    if user:
        Path("/proc/self/setgroups").write_text("deny", encoding="utf-8")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="utf-8")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="utf-8")
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE, None)


def make_read_only(folder: Path) -> None:
    """Lets each change below a folder fail with EROFS, for this process and those that it starts."""
    _call("unshare", _CLONE_NEWNS)
    _mount(str(folder), folder, None, _MS_BIND, None)
    _mount("none", folder, None, _MS_BIND | _MS_REMOUNT | _MS_RDONLY, None)


class SmallDisk:
    """A file system in memory with `size` bytes, at an existing folder."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        _mount("tmpfs", folder, "tmpfs", 0, f"size={size},mode=755")

    def resize(self, size: int) -> None:
        """Gives it another number of bytes."""
        _mount("tmpfs", self._folder, None, _MS_REMOUNT, f"size={size}")

    def set_read_only(self, read_only: bool) -> None:
        """Allows changes, or lets each fail with EROFS."""
        _mount("tmpfs", self._folder, None, _MS_REMOUNT | (_MS_RDONLY if read_only else 0), None)


def _mount(source: str, target: object, kind: str | None, flags: int, data: str | None) -> None:
    texts = [None if each is None else str(each).encode() for each in (source, target, kind)]
    _call("mount", *texts, flags, None if data is None else data.encode())


def _call(name: str, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
