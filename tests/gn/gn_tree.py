"""A scratch source tree, with these sources in third_party/, in which the real gn and ninja run."""

from __future__ import annotations

import atexit
import compileall
import contextlib
import functools
import os
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from software_update.testing.command import call

PLACE = "third_party/software_update"
IMPORT = f'import("//{PLACE}/gn/software_update.gni")\n'

_SECONDS = 120
# Longer than a file system's clock ticks: what is written then is newer than all before.
_TICK = 0.02
_PREFIX = "ran: "

_BASE = {
    ".gn": f"""\
buildconfig = "//build/BUILDCONFIG.gn"
script_executable = "{sys.executable}"
""",
    "build/BUILDCONFIG.gn": 'set_default_toolchain("//build:host")\n',
    # No compiler: what the templates need of a default toolchain, and no more.
    "build/BUILD.gn": """\
foreach(_name, [ "host", "device" ]) {
  toolchain(_name) {
    tool("stamp") {
      command = "touch {{output}}"
      description = "STAMP {{output}}"
    }
    tool("copy") {
      command = "cp -af {{source}} {{output}}"
      description = "COPY {{output}}"
    }
  }
}
""",
    "build/copy_file.py": "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])\n",
}


@dataclass(frozen=True)
class Tree:
    """A source tree, its build folder `out`, and the gn that generates it."""

    top: Path
    gn: str
    python: Path

    @property
    def out(self) -> Path:
        """The build folder."""
        return self.top / "out"

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Writes files, newer than everything before and older than everything after."""
        time.sleep(_TICK)
        for name, content in files.items():
            file = self.top / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        time.sleep(_TICK)

    def replace(self, name: str, old: str, new: str) -> None:
        """Replaces text, which must be there once, in a file."""
        text = (self.top / name).read_text()
        assert text.count(old) == 1, f"{old!r} in {name}"
        self.write({name: text.replace(old, new)})

    def set_args(self, text: str = "", *, python: bool = True) -> None:
        """Writes args.gn; with a Python that has the packages, so that none are unpacked."""
        if python:
            text += f'\nsoftware_update_python = "{self.python}"\n'
        self.write({"out/args.gn": text})

    def run_gn(self, *args: str) -> subprocess.CompletedProcess[str]:
        """`gn ARGS...`, however it ends."""
        return run(self.top, self.gn, *args)

    def gen(self) -> None:
        """`gn gen out`, which must succeed without a word of warning."""
        if not (self.out / "args.gn").exists():
            self.set_args()
        done = self.run_gn("gen", "out")
        assert done.returncode == 0, done.stdout
        assert "WARNING" not in done.stdout, done.stdout

    def gen_fails(self) -> str:
        """Returns the output of `gn gen out`, which must fail."""
        if not (self.out / "args.gn").exists():
            self.set_args()
        done = self.run_gn("gen", "out")
        assert done.returncode == 1, done.stdout
        return done.stdout

    def ninja(self, *targets: str) -> subprocess.CompletedProcess[str]:
        """`ninja TARGETS...`, however it ends; it explains what is not up to date."""
        return run(self.out, "ninja", "-d", "explain", *targets)

    def build(self, *targets: str) -> list[str]:
        """The labels of the actions that ninja runs; it must succeed, and then have nothing to do."""
        done = self.ninja(*targets)
        assert done.returncode == 0, done.stdout
        again = self.ninja(*targets)
        assert "ninja: no work to do." in again.stdout.splitlines(), again.stdout
        return actions(done.stdout)

    def build_fails(self, *targets: str) -> str:
        """Returns the output of ninja, which must fail."""
        done = self.ninja("-k0", *targets)
        assert done.returncode != 0, done.stdout
        return done.stdout

    def software_update(self, *args: str) -> str:
        """Runs the command line in this process, and returns what it prints; it must succeed."""
        with contextlib.chdir(self.top):
            done = call(*args)
        assert done.status == 0, done.err
        return done.out + done.err

    def read(self, name: str) -> bytes:
        """A file of the build folder."""
        return (self.out / name).read_bytes()

    def copy(self, top: Path) -> Tree:
        """The same tree, sources and outputs and their times, in another place."""
        shutil.copytree(self.top, top, symlinks=True)
        return Tree(top, self.gn, self.python)


def make_tree(top: Path, gn: str, python: Path) -> Tree:
    """A tree with nothing of a product in it."""
    shutil.copytree(_compiled_sources(), top / PLACE)
    tree = Tree(top, gn, python)
    tree.write(_BASE)
    return tree


@functools.cache
def _compiled_sources() -> Path:
    """The sources with bytecode, as in a checkout that has run; GN's actions write none.

    A module that a test changes is compiled again: its bytecode is checked by the source's hash.
    """
    folder = Path(tempfile.mkdtemp(prefix="gn_sources."))
    atexit.register(shutil.rmtree, folder)
    for source in os.environ["SOURCES"].split():
        copy = folder / source
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    compiled = compileall.compile_dir(
        folder / "tools/software_update",
        quiet=1,
        rx=re.compile(r"_test\.py$"),
        invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
    )
    assert compiled
    return folder


def actions(log: str) -> list[str]:
    """The labels of the actions that a ninja ran; those of another toolchain name it."""
    labels = re.findall(rf"^{_PREFIX}ACTION (\S+)$", log, re.M)
    return sorted(label.removesuffix("(//build:host)") for label in labels)


def failure(log: str) -> list[str]:
    """Returns the output of a failed action."""
    lines = log.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("FAILED: "))
    end = next(i for i, line in enumerate(lines) if line.startswith("ninja: build stopped"))
    ninjas = ("ninja explain: ", "ran: ")
    return [line for line in lines[start + 2 : end] if not line.startswith(ninjas)]


def run(folder: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A command in a small environment; its errors are among its output."""
    return subprocess.run(
        command,
        cwd=folder,
        env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"], "NINJA_STATUS": _PREFIX} | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def make_python(folder: Path) -> Path:
    """A virtual environment whose packages are those that this test has; nothing is installed."""
    program = folder / "bin/python"
    program.parent.mkdir(parents=True)
    program.symlink_to(os.path.realpath(sys.executable))
    (folder / "pyvenv.cfg").write_text(f"home = {Path(os.path.realpath(sys.executable)).parent}\n")
    version = "python{}.{}".format(*sys.version_info)
    site = folder / "lib" / version / "site-packages"
    site.mkdir(parents=True)
    packages = [path for path in sys.path if _has_packages(Path(path))]
    (site / "packages.pth").write_text("".join(f"{path}\n" for path in packages))
    return program


def _has_packages(folder: Path) -> bool:
    return any(folder.glob("*.dist-info"))
