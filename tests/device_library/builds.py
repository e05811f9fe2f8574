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
STRICT = ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fPIC", "-w")


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

    def library(self) -> dict[str, Path]:
        """Returns the objects of the verifier, by the names of their sources."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            objects = pool.map(lambda path: self.compile(path, self.flags), sources())
            return {path.name: made for path, made in zip(sources(), objects, strict=True)}

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
        return [*(self.compile(file, ("-O2",)) for file in files), *self.p256m(("-O2",))]

    def link(self, objects: Sequence[Path], name: str = "judge.so") -> Path:
        """Returns a shared library for library.py."""
        out = self.folder / name
        command = [self.compiler, "-shared", *self.flags, *map(str, objects), "-o", str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return out


def sources() -> list[Path]:
    """Returns the files of the verifier."""
    lists: dict[str, list[str]] = {}
    for part in re.finditer(
        r"^(\w+) = (\[[^]]*\])", (TOP / "device/sources.bzl").read_text(), re.M
    ):
        lists[part[1]] = ast.literal_eval(part[2])
    files = [TOP / "device" / name for part in PARTS for name in lists[part]]
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
