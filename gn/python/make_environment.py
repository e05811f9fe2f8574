"""Unpacks the locked wheels into one folder, which the tools' Python has on its path in GN builds.

The folder serves every supported CPython and is always whole: it is made next to its place. No
network, no pip. The stamp lists the wheels; the depfile names them to ninja.
"""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "make_environment.py: GN runs actions with Python {}.{}; set script_executable in .gn, or"
        " the GN argument software_update_python, to 3.11 or later".format(*sys.version_info)
    )

import argparse
import platform
import shlex
import shutil
import subprocess
from pathlib import Path

_HERE = Path(os.path.abspath(__file__)).parent
sys.path[:0] = [str(_HERE), str(_HERE.parent.parent / "tools" / "python")]
sys.dont_write_bytecode = True

import fetch_wheels  # noqa: E402
import wheel_folder  # noqa: E402

_THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_SBOM = "sbom.txt"
_OTHER_PYTHON = (
    f"the wheels are for CPython {fetch_wheels.PYTHONS[0]} to {fetch_wheels.PYTHONS[-1]}: set"
    " script_executable in .gn to one of them, or the GN argument software_update_python to any"
    " Python that has the packages"
)
# As in run_tool.py, nothing of the Python's own packages.
_PROBE = """\
import importlib, sys
sys.path.insert(0, sys.argv[1])
try:
    for name in sys.argv[2:]:
        importlib.import_module(name)
except Exception as error:
    sys.exit(str(error))
"""


def main(argv: list[str] | None = None) -> int:
    """Entry point; the only output is one line on stderr when something fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", type=Path, required=True, help="requirements file with hashes")
    parser.add_argument("--wheels", type=Path, required=True, help="folder that fetch.py filled")
    parser.add_argument("--out", type=Path, required=True, help="folder to make")
    parser.add_argument("--stamp", type=Path, required=True, help="list of the wheels, to write")
    parser.add_argument("--depfile", type=Path, required=True, help="depfile to write")
    parser.add_argument(
        "--module", action="append", required=True, help="a compiled module that must load"
    )
    args = parser.parse_args(argv)
    try:
        fetch_wheels.check_platform(platform.system(), platform.machine(), platform.libc_ver()[0])
        wheels = _wheels(args.wheels, args.lock)
        _make(wheels, args.out, args.module)
        args.depfile.write_text(_depfile(args.stamp, wheels), encoding="utf-8")
        args.stamp.write_text(
            "".join(f"{wheel.sha256}  {wheel.path.name}\n" for wheel in wheels), encoding="utf-8"
        )
    except fetch_wheels.FetchError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        return _fail("interrupted")
    return 0


def _wheels(folder: Path, lock: Path) -> list[wheel_folder.Wheel]:
    """The wheels to unpack; among them all that this Python needs."""
    if _THIS_PYTHON not in fetch_wheels.PYTHONS:
        raise fetch_wheels.FetchError(
            f"{sys.executable} is CPython {_THIS_PYTHON}; {_OTHER_PYTHON}"
        )
    if not folder.is_dir():
        raise fetch_wheels.FetchError(
            f"{folder}: there is no such folder; {_how_to_fetch(folder, lock)}"
        )
    wheels = wheel_folder.find_wheels(folder, lock)
    missing = wheel_folder.missing(wheels, lock, _THIS_PYTHON)
    if missing:
        raise fetch_wheels.FetchError(
            f"{folder}: no wheel in it of {', '.join(missing)} for CPython {_THIS_PYTHON} on this"
            f" platform; {_how_to_fetch(folder, lock)}"
        )
    return wheels


def _how_to_fetch(folder: Path, lock: Path) -> str:
    command = ["python3", str(_HERE / "fetch.py")]
    if lock.name == _SBOM:
        command.append("--sbom")
    if os.path.abspath(folder) != str(_HERE / "wheels"):
        command += ["--out", os.path.abspath(folder)]
    return (
        f"fetch them with: {shlex.join(command)}"
        " (the GN argument software_update_wheels names another folder)"
    )


def _make(wheels: list[wheel_folder.Wheel], out: Path, modules: list[str]) -> None:
    """Makes the folder anew; the one before it stays until then."""
    # Names of their own, so that what an interrupted run left is found and removed.
    new, old = (out.with_name(f"{out.name}.{end}") for end in ("new", "old"))
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    try:
        for wheel in wheels:
            fetch_wheels.unpack(wheel.path, new)
        _probe(new, modules)
        fetch_wheels.compile_sources(new)
        if out.exists():
            out.rename(old)
        new.rename(out)
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def _probe(site: Path, modules: list[str]) -> None:
    command = [sys.executable, "-I", "-S", "-B", "-c", _PROBE, str(site), *modules]
    run = subprocess.run(command, capture_output=True, text=True, env={}, check=False)
    if run.returncode != 0:
        said = (run.stderr.strip().splitlines() or [f"it ended with {run.returncode}"])[-1]
        raise fetch_wheels.FetchError(
            f"{sys.executable} cannot load the locked packages ({said}); {_OTHER_PYTHON}"
        )


def _depfile(stamp: Path, wheels: list[wheel_folder.Wheel]) -> str:
    paths = [_escaped(str(wheel.path)) for wheel in wheels]
    return f"{_escaped(str(stamp))}: {' '.join(paths)}\n"


def _escaped(path: str) -> str:
    return path.replace("$", "$$").replace("#", "\\#").replace(" ", "\\ ")


def _fail(text: str) -> int:
    print(f"make_environment.py: {text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
