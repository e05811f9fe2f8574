"""Builds of the device library's verifier by the compiler of this machine, for tests that change it."""

import ast
import dataclasses
import os
import re
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).absolute().parents[2]
HERE = Path(__file__).absolute().parent
SOURCES = "device/src"
# Lists of device/sources.bzl.
PARTS = ("BASE_SOURCES", "SHA256_SOURCES", "VERIFIER_SOURCES")
# The client and the boot decision, besides those.
CLIENT_PARTS = ("JOURNAL_SOURCES", "BOOT_SOURCES", "CLIENT_SOURCES")
STRICT = ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fPIC", "-w")
# Much faster to link. The process that loads a library has the functions of C.
WITHOUT_LIBRARIES = ("-nostdlib",)


@dataclasses.dataclass(frozen=True)
class Build:
    """A folder for objects, and the flags of the library's own files."""

    folder: Path
    compiler: str = "g++"
    flags: tuple[str, ...] = ("-O0",)

    def compile(self, source: Path, flags: Sequence[str] = (), name: str = "") -> Path:
        """Returns the object of a file. Raises CalledProcessError if it does not compile."""
        out = self.folder / f"{name or source.stem}.o"
        command = [self.compiler, *STRICT, *includes(), *flags, "-c", str(source), "-o", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return out

    def library(self, parts: Sequence[str] = PARTS) -> dict[str, Path]:
        """Returns the objects of the verifier, or of other parts, by the names of their sources."""
        files = sources(parts)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = pool.map(lambda path: self.compile(path, self.flags), files)
            return {path.name: made for path, made in zip(files, objects, strict=True)}

    def p256m(self, flags: Sequence[str]) -> list[Path]:
        """Returns the objects of p256-m and of its adapter."""
        adapter = self.compile(TOP / "device/crypto/p256m.cc", flags)
        out = self.folder / "p256-m.o"
        command = ["gcc", *flags, "-fPIC", "-w", *includes(), "-c", str(p256m()), "-o", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return [adapter, out]

    def around(self) -> list[Path]:
        """Returns the objects that the shared library has besides the verifier."""
        files = [HERE / "judge_for_test.cc", HERE / "fake_crypto.cc"]
        objects = [self.compile(file, ("-O2",)) for file in files]
        installed = self.library(("INSTALLED_MANIFEST_SOURCES",)).values()
        return [*objects, *installed, *self.p256m(("-O2",))]

    def program(self, objects: Sequence[Path], name: str) -> Path:
        """Returns a program."""
        out = self.folder / name
        command = [self.compiler, *self.flags, *map(str, objects), "-o", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return out

    def link(
        self, objects: Sequence[Path], name: str = "judge.so", flags: Sequence[str] = ()
    ) -> Path:
        """Returns a shared library for library.py."""
        out = self.folder / name
        options = ("-shared", *self.flags, *flags)
        command = [self.compiler, *options, *map(str, objects), "-o", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return out


def sources(parts: Sequence[str] = PARTS) -> list[Path]:
    """Returns the files of the verifier, or of other parts of the library."""
    lists: dict[str, list[str]] = {}
    for part in re.finditer(
        r"^(\w+) = (\[[^]]*\])", (TOP / "device/sources.bzl").read_text(), re.M
    ):
        lists[part[1]] = ast.literal_eval(part[2])
    files = [TOP / "device" / name for part in parts for name in lists[part]]
    return sorted(each for each in files if each.suffix == ".cc")


def p256m() -> Path:
    """Returns p256-m.c, which the environment variable P256M names among others."""
    [found] = [each for each in os.environ["P256M"].split() if each.endswith("p256-m.c")]
    return Path(found).absolute()


def includes() -> list[str]:
    """Returns the folders of headers, as options."""
    stubs = TOP / "device/crypto/stubs"
    folders = (stubs, TOP, TOP / "device", TOP / "device/include", TOP / SOURCES, p256m().parent)
    return [f"-I{folder}" for folder in folders]
