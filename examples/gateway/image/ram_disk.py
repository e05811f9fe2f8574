"""Makes the initial RAM disk: busybox, kernel modules, Python, the client, and the device's own files.

Standard library only. The programs of Debian come from this machine. The same files give the same bytes: the
archive (cpio, "newc") has sorted names, and neither times nor inode numbers of this machine. Of Python
modules, it contains only what the interpreter compiles them to.
"""

from __future__ import annotations

import argparse
import lzma
import os
import py_compile
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PACKAGES = "usr/lib/gateway"

# In the order in which they are loaded.
_MODULES = (
    "kernel/drivers/block/virtio_blk",
    "kernel/fs/nls/nls_cp437",
    "kernel/fs/nls/nls_ascii",
    "kernel/fs/fat/fat",
    "kernel/fs/fat/vfat",
    "kernel/fs/efivarfs/efivarfs",
    "kernel/net/core/failover",
    "kernel/drivers/net/net_failover",
    "kernel/drivers/net/virtio_net",
)
_APPLETS = (
    "cat",
    "insmod",
    "ip",
    "ls",
    "mkdir",
    "mount",
    "poweroff",
    "reboot",
    "sh",
    "sync",
    "umount",
)
_LOADER = "lib64/ld-linux-x86-64.so.2"
_FOLDERS = (
    "dev",
    "efi",
    "etc/software_update",
    "media",
    "proc",
    "run",
    "sys",
    "tmp",
    "var/lib/software_update",
)
# Of the standard library: packages and extension modules that the client does not import.
_LEFT_OUT = frozenset(
    {
        *(
            "_pyrepl",
            "ctypes",
            "curses",
            "dbm",
            "ensurepip",
            "idlelib",
            "lib2to3",
            "multiprocessing",
        ),
        *(
            "pydoc_data",
            "sqlite3",
            "sysconfig",
            "test",
            "tkinter",
            "turtledemo",
            "unittest",
            "venv",
        ),
        *(
            "wsgiref",
            "xml",
            "xmlrpc",
            "asyncio",
            "turtle",
            "pydoc",
            "doctest",
            "pdb",
            "antigravity",
        ),
        *("_codecs_cn", "_codecs_hk", "_codecs_iso2022", "_codecs_jp", "_codecs_kr", "_codecs_tw"),
        *(
            "_ctypes",
            "_ctypes_test",
            "_curses",
            "_curses_panel",
            "_dbm",
            "_lsprof",
            "_multibytecodec",
        ),
        *(
            "_remote_debugging",
            "_sqlite3",
            "_testbuffer",
            "_testcapi",
            "_testclinic",
            "_testclinic_limited",
        ),
        *("_testimportmultiple", "_testinternalcapi", "_testlimitedcapi", "_testmultiphase"),
        *("_testsinglephase", "_xxtestfuzz", "readline", "xxlimited", "xxlimited_35", "xxsubtype"),
        *("_zoneinfo", "_asyncio", "_interpchannels", "_interpqueues", "_interpreters", "_decimal"),
        *("_multiprocessing", "_posixshmem", "mmap", "resource"),
    }
)
# Of the packages: compilers that run when a package is built, and a second backend.
_PACKAGES_LEFT_OUT = ("cffi/", "pycparser/", "zstandard/_cffi", "zstandard/backend_cffi")
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"


class Archive:
    """The content of the RAM disk by path, and its bytes as cpio."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, bytes]] = {}

    def folder(self, path: str) -> None:
        """Adds a folder, with its parents."""
        for each in [PurePosixPath(path), *PurePosixPath(path).parents][:-1]:
            self._entries.setdefault(str(each), (0o040755, b""))

    def file(self, path: str, content: bytes, *, program: bool = False) -> None:
        """Adds a file."""
        self.folder(str(PurePosixPath(path).parent))
        self._entries[path] = (0o100755 if program else 0o100644, content)

    def link(self, path: str, target: str) -> None:
        """Adds a symbolic link."""
        self.folder(str(PurePosixPath(path).parent))
        self._entries[path] = (0o120777, target.encode())

    def __contains__(self, path: str) -> bool:
        return path in self._entries

    def cpio(self) -> bytes:
        """Returns all of it."""
        entries = [(path, *self._entries[path]) for path in sorted(self._entries)]
        entries.append(("TRAILER!!!", 0, b""))
        pieces = []
        for number, (path, mode, content) in enumerate(entries, 1):
            name = path.encode() + b"\0"
            links = 2 if mode & 0o040000 == 0o040000 and not mode & 0o100000 else 1
            fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0)
            header = b"070701" + b"".join(b"%08x" % field for field in fields) + name
            pieces += [header, bytes(-len(header) % 4), content, bytes(-len(content) % 4)]
        return b"".join(pieces)


def add_system(archive: Archive, modules: Path) -> None:
    """Adds busybox and the kernel modules, with the list of them."""
    for folder in _FOLDERS:
        archive.folder(folder)
    archive.file("bin/busybox", Path("/usr/bin/busybox").read_bytes(), program=True)
    for name in _APPLETS:
        archive.link(f"bin/{name}", "busybox")
    for name in _MODULES:
        content = lzma.decompress((modules / f"{name}.ko.xz").read_bytes())
        archive.file(f"lib/modules/{PurePosixPath(name).name}.ko", content)
    names = "".join(f"{PurePosixPath(name).name}\n" for name in _MODULES)
    archive.file("lib/modules/list", names.encode())


def add_python(archive: Archive) -> None:
    """Adds the interpreter and its standard library."""
    interpreter = Path(sys.base_prefix, "bin", _PYTHON)
    archive.file(f"usr/bin/{_PYTHON}", interpreter.read_bytes(), program=True)
    archive.link("bin/python3", f"/usr/bin/{_PYTHON}")
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.rglob("*")):
        inside = path.relative_to(library)
        parts = {part.partition(".")[0] for part in inside.parts}
        if not path.is_file() or parts & _LEFT_OUT or "__pycache__" in inside.parts:
            continue
        if path.suffix == ".py":
            _add_module(archive, f"usr/lib/{_PYTHON}/{inside}", path)
        elif path.suffix == ".so":
            archive.file(f"usr/lib/{_PYTHON}/{inside}", path.read_bytes())
            add_libraries(archive, path)
    archive.link(f"usr/lib/{_PYTHON}/encodings/cp65001.pyc", "utf_8.pyc")
    add_libraries(archive, interpreter)


def add_libraries(archive: Archive, program: Path) -> None:
    """Adds the shared libraries that a program needs, and the loader."""
    if _LOADER not in archive:
        archive.file(_LOADER, Path("/", _LOADER).read_bytes(), program=True)
    listed = subprocess.run(
        [f"/{_LOADER}", "--list", program], check=True, capture_output=True, text=True
    ).stdout
    for path in _libraries(listed):
        place = f"lib/{path.name}"
        if place not in archive:
            archive.file(place, path.read_bytes())


def _libraries(listed: str) -> Iterator[Path]:
    for line in listed.splitlines():
        name, arrow, found = line.strip().partition(" => ")
        if arrow and not name.startswith("/"):
            yield Path(found.partition(" (")[0])


def add_packages(archive: Archive, folder: Path) -> None:
    """Adds the packages of a `python_archive`."""
    tag = f".cpython-{sys.version_info.major}{sys.version_info.minor}-"
    for path in sorted(folder.rglob("*.so")):
        inside = str(path.relative_to(folder))
        if inside.startswith(_PACKAGES_LEFT_OUT) or (".cpython-" in inside and tag not in inside):
            continue
        archive.file(f"{PACKAGES}/{inside}", _stripped(path))
        add_libraries(archive, path)
    with zipfile.ZipFile(folder / "python.zip") as packages:
        for name in packages.namelist():
            if name.endswith("/"):
                archive.folder(f"{PACKAGES}/{name.rstrip('/')}")
            elif name.endswith(".pyc") and not name.startswith(_PACKAGES_LEFT_OUT):
                archive.file(f"{PACKAGES}/{name}", packages.read(name))


def _stripped(library: Path) -> bytes:
    """Returns an extension module without what only a debugger reads."""
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "module.so")
        subprocess.run(["strip", "--strip-unneeded", "-o", out, str(library)], check=True)
        return Path(out).read_bytes()


def _add_module(archive: Archive, place: str, source: Path) -> None:
    """Adds what the interpreter compiles a module to; nothing for a template of another Python."""
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "module.pyc")
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(source), out, f"/{place}", doraise=True, invalidation_mode=mode)
        archive.file(f"{place}c", Path(out).read_bytes())


def main() -> None:
    """Writes a RAM disk, compressed with zstd: the system, or the files of a release."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--modules", type=Path, help="the kernel's modules; with them comes the system"
    )
    parser.add_argument("--packages", type=Path, help="a folder of python_archive; with --modules")
    parser.add_argument("--file", action="append", default=[], metavar="PLACE=FILE")
    parser.add_argument("--program", action="append", default=[], metavar="PLACE=FILE")
    parser.add_argument(
        "--python", action="append", default=[], metavar="FILE", help="a module of the device"
    )
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    archive = Archive()
    if args.modules:
        add_system(archive, args.modules)
        add_python(archive)
        add_packages(archive, args.packages)
    for source in map(Path, args.python):
        _add_module(archive, f"{PACKAGES}/{source.name}", source)
    for words, program in ((args.file, False), (args.program, True)):
        for word in words:
            place, _, file = word.partition("=")
            archive.file(place, Path(file).read_bytes(), program=program)
    with args.out.open("wb") as out:
        subprocess.run(
            ["zstd", "-q", "-15", "-T1", "-c"], input=archive.cpio(), stdout=out, check=True
        )


if __name__ == "__main__":
    main()
