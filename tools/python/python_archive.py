"""Makes the folder of the rule `python_archive`: `python.zip`, and extension modules next to it.

Standard library only. Each source is in the archive with what the Python that runs this compiles it
to; another Python passes that over, and compiles the source. The same files give the same bytes.
An old Python can run this module: see `software_update.base.python_version`.
"""

from __future__ import annotations

import argparse
import py_compile
import shutil
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from software_update.base import python_version

ARCHIVE = "python.zip"
# The first that a zip can say.
_DATE = (1980, 1, 1, 0, 0, 0)


class ArchiveError(Exception):
    """One line for the user: the thing, what is wrong with it, what to do."""


def importable_as(runfile: PurePosixPath, imports: Iterable[PurePosixPath]) -> PurePosixPath | None:
    """A module's path below the one of `imports` that it is imported from; None where none is."""
    below = [runfile.relative_to(folder) for folder in imports if runfile.is_relative_to(folder)]
    return min(below, key=lambda path: len(path.parts), default=None)


def write_archive(modules: dict[PurePosixPath, Path], folder: Path) -> None:
    """Fills `folder` with modules, each under its path there."""
    sources = {path: file for path, file in modules.items() if path.suffix == ".py"}
    for path in modules.keys() - sources.keys():
        (folder / path.parent).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules[path], folder / path)
    with zipfile.ZipFile(folder / ARCHIVE, "w") as archive:
        _add_sources(archive, sources)


def _add_sources(archive: zipfile.ZipFile, sources: dict[PurePosixPath, Path]) -> None:
    # Without an entry of its own, a folder is not a namespace package (before CPython 3.13).
    packages = {parent for path in sources for parent in path.parents[:-1]}
    for package in sorted(packages):
        archive.writestr(zipfile.ZipInfo(f"{package}/", _DATE), b"")
    with tempfile.TemporaryDirectory() as scratch:
        for path, file in sorted(sources.items()):
            archive.writestr(zipfile.ZipInfo(str(path), _DATE), file.read_bytes())
            compiled = _compile(path, file, Path(scratch, "pyc"))
            if compiled:
                archive.writestr(zipfile.ZipInfo(f"{path}c", _DATE), compiled)


def _compile(path: PurePosixPath, file: Path, out: Path) -> bytes | None:
    """A .pyc, not checked against the source's time; None for a source that is for another Python."""
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    try:
        py_compile.compile(str(file), str(out), str(path), doraise=True, invalidation_mode=mode)
    except py_compile.PyCompileError:
        return None
    return out.read_bytes()


def _modules(args: argparse.Namespace) -> dict[PurePosixPath, Path]:
    found: dict[PurePosixPath, Path] = {}
    for module in args.module:
        short_path, _, file = module.partition("=")
        # How Bazel writes the path of another repository's file.
        runfile = PurePosixPath(short_path.removeprefix("../"))
        if runfile == PurePosixPath(short_path):
            runfile = args.main_repository / runfile
        path = importable_as(runfile, args.imports)
        if path is None:
            raise ArchiveError(f"{runfile}: no library says where it is imported from (imports)")
        if path in found:
            raise ArchiveError(
                f"{path}: both {found[path]} and {file} are imported so; leave one out"
            )
        found[path] = Path(file)
    return found


def main(argv: list[str]) -> int:
    """Entry point; the only output is one line on stderr when something fails."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    path = PurePosixPath
    parser.add_argument("--main-repository", type=path, required=True, help="its name in runfiles")
    parser.add_argument("--import", type=path, dest="imports", action="append", default=[])
    parser.add_argument("--module", action="append", default=[], help="SHORT_PATH=FILE")
    parser.add_argument("--out", type=Path, required=True, help="an empty folder")
    args = parser.parse_args(argv)
    warnings.simplefilter("ignore")  # Other people's sources.
    try:
        write_archive(_modules(args), args.out)
    except (ArchiveError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    python_version.check("python_archive", "register such a Python toolchain")
    sys.exit(main(sys.argv[1:]))
