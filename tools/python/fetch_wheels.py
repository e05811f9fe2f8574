"""Brings a lock file's wheels with pip and unpacks them, for the repository rule in wheels.bzl.

Runs under whatever Python 3.9 or later the machine has; standard library only. Makes, in the
current folder: `wheels/` (the files as the index gave them), `site/NAME/` (each distribution
unpacked, for every supported CPython at once) and `distributions.json` (what depends on what).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import py_compile
import re
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = ("linux-x86_64", "linux-aarch64", "darwin-aarch64")
RENEW = "./bazelw run //tools/workshop/locks:lock"

# Wheels of one release for several CPythons differ only in these files.
_PER_WHEEL = ("RECORD", "WHEEL", "entry_points.txt")
_NO_NETWORK = (
    "ConnectionError",
    "ConnectTimeout",
    "connection broken",
    "Max retries exceeded",
    "name resolution",
    "Network is unreachable",
    "ProxyError",
    "SSLError",
    "timed out",
)


class FetchError(Exception):
    """One line for the user: the thing, what is wrong with it, what to do."""


def distribution_name(name: str) -> str:
    """The name of a distribution as a Bazel target and a wheel's file name spell it."""
    return re.sub(r"[-_.]+", "_", name).lower()


def locked_names(lock: str) -> list[str]:
    """The distributions that a lock file pins, in its order."""
    return [distribution_name(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.M)]


def check_platform(system: str, machine: str, libc: str) -> None:
    """Refuses a platform that no wheel is locked for, before pip says something less clear."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine.lower(), machine.lower())
    this = f"{system.lower()}-{machine}"
    if this not in PLATFORMS:
        raise FetchError(
            f"no wheels are locked for {this}; there are some for {', '.join(PLATFORMS)}"
        )
    if this.startswith("linux") and libc != "glibc":
        raise FetchError(
            f"no wheels are locked for {this} with the C library {libc or 'musl'};"
            " use a Linux with glibc"
        )


def pip_failure(log: str, lock_name: str, python: str) -> str:
    """Returns the problem in one line, from the output of pip."""
    if "No module named pip" in log:
        return (
            f"{sys.executable} has no pip; install it"
            " (Debian: apt-get install python3-pip; elsewhere: python3 -m ensurepip)"
        )
    if "DO NOT MATCH THE HASHES" in log:
        bad = re.search(r"^ +(\S+)(?: from (\S+))?.*:\n +Expected sha256", log, re.M)
        file = (bad.group(2) or bad.group(1)) if bad else "a package"
        return (
            f"pip was given {file.rpartition('/')[2]}, whose sha256 is not in {lock_name}; find out"
            " why before trusting it (another build of that release, a bad mirror, an attack)."
            f" If the lock is out of date, renew it with: {RENEW}"
        )
    # First the cause, then what pip concludes from it: that there is no such package.
    if any(sign in log for sign in _NO_NETWORK):
        return (
            "pip cannot reach its package index; check the network and the proxy, or set"
            " PIP_INDEX_URL to a mirror, or PIP_NO_INDEX=1 and PIP_FIND_LINKS to a folder of wheels"
        )
    missing = re.search(r"No matching distribution found for (\S+)", log)
    if missing:
        return (
            f"pip finds no wheel of {missing.group(1)} for CPython {python} on this platform; check"
            " that its package index can be reached and has that release (PIP_INDEX_URL), or renew"
            f" {lock_name} with: {RENEW}"
        )
    errors = re.findall(r"^ERROR: (.*)$", log, re.M) or log.strip().splitlines() or ["no output"]
    return f"pip download failed: {errors[-1]}"


def download(lock: Path, wheels: Path, pythons: Sequence[str] = PYTHONS) -> None:
    """Downloads the locked wheels for this platform and every CPython that they are locked for."""
    wheels.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", LC_ALL="C.UTF-8")
    # Set-ups for other work, which would make this download fail.
    env["PIP_REQUIRE_VIRTUALENV"] = "0"
    env.pop("PIP_CONSTRAINT", None)
    for python in pythons:
        command = [sys.executable, "-m", "pip", "download", "--no-deps"]
        command += ["--require-hashes", "--only-binary=:all:", "--dest=.", f"--requirement={lock}"]
        command += ["--implementation=cp", f"--python-version={python}"]
        command += [f"--abi=cp{python.replace('.', '')}"]
        # In the folder of wheels, where no module can shadow one of pip's.
        run = subprocess.run(
            command, cwd=wheels, env=env, capture_output=True, text=True, check=False
        )
        if run.returncode != 0:
            raise FetchError(pip_failure(run.stderr + run.stdout, lock.name, python))


def unpack(wheel: Path, site: Path) -> None:
    """Unpacks one wheel into a folder that may hold the same release for another CPython."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in sorted(archive.infolist(), key=lambda e: e.filename):
            path = PurePosixPath(entry.filename)
            if path.is_absolute() or ".." in path.parts:
                raise FetchError(f"{wheel.name} holds the unsafe path {entry.filename}")
            # Nothing at run time reads type stubs and SBOMs, and each file costs in a sandbox.
            # An SBOM describes one wheel, so it differs from those of other CPythons.
            if entry.is_dir() or path.suffix == ".pyi" or _is_sbom(path):
                continue
            content = archive.read(entry)
            out = site / path
            if out.exists():
                if out.read_bytes() != content and path.name not in _PER_WHEEL:
                    raise FetchError(
                        f"{wheel.name} and a wheel for another CPython differ in {path}"
                    )
                continue
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_bytes(content)


def _is_sbom(path: PurePosixPath) -> bool:
    """Returns whether a file of a wheel is in the folder for SBOMs (PEP 770)."""
    return len(path.parts) > 2 and path.parts[0].endswith(".dist-info") and path.parts[1] == "sboms"


def compile_sources(site: Path) -> None:
    """Writes the .pyc files of the Python that runs this, equal bytes at each run.

    Without them every sandboxed process compiles its imports again. They are not checked against
    the sources' times, which differ between machines. Another Python does not look at them.
    """
    warnings.simplefilter("ignore")  # Other people's sources.
    for source in sorted(site.rglob("*.py")):
        try:
            py_compile.compile(
                str(source),
                cfile=importlib.util.cache_from_source(str(source)),
                dfile=source.relative_to(site).as_posix(),
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except (py_compile.PyCompileError, SyntaxError, ValueError):
            continue  # Templates and sources for other Pythons; an import of one says so itself.


def dependencies(site: Path, names: list[str]) -> list[str]:
    """The distributions among `names` that the one unpacked in `site` requires."""
    [metadata] = site.glob("*.dist-info/METADATA")
    head = metadata.read_text(encoding="utf-8").partition("\n\n")[0]
    required = re.findall(r"^Requires-Dist: *([A-Za-z0-9._-]+)([^\n]*)", head, re.M)
    wanted = {distribution_name(name) for name, rest in required if "extra ==" not in rest}
    return sorted(wanted.intersection(names))


def fetch(lock: Path, out: Path, pythons: Sequence[str] = PYTHONS) -> None:
    """Downloads and unpacks everything that the lock file lists, under `out`."""
    names = locked_names(lock.read_text(encoding="utf-8"))
    download(lock, out / "wheels", pythons)
    for wheel in sorted((out / "wheels").glob("*.whl")):
        unpack(wheel, out / "site" / distribution_name(wheel.name.partition("-")[0]))
    compile_sources(out / "site")
    needs = {name: dependencies(out / "site" / name, names) for name in names}
    text = json.dumps(needs, indent=2, sort_keys=True) + "\n"
    (out / "distributions.json").write_text(text, encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    """Entry point; the only output is one line on stderr when something fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lock", type=Path, required=True, help="requirements file with hashes")
    parser.add_argument("--out", type=Path, required=True, help="folder to fill")
    parser.add_argument("--pythons", nargs="+", default=PYTHONS, help="default: all of them")
    args = parser.parse_args(argv)
    try:
        check_platform(platform.system(), platform.machine(), platform.libc_ver()[0])
        fetch(args.lock, args.out, args.pythons)
    except (FetchError, OSError, zipfile.BadZipFile) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
