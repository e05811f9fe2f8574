"""Gets the other tools, the peers: from PATH, from PyPI with pip, or from Debian with apt.

A missing peer is not an error; the page says that it is missing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measure import reason
from tests.benchmarks.results import BenchmarkError

CACHE = Path(
    os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "rules_software_update/benchmarks"
)
SOURCE = Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY") or Path(__file__).parents[2])
LOCK = SOURCE / "tools/workshop/locks/benchmarks.txt"
# Debian's packages, and the program that we run of each.
DEBIAN = {"mender-artifact": "mender-artifact", "rauc": "rauc", "squashfs-tools": "mksquashfs"}
# A mirror may be a snapshot, whose lists are older than apt expects; no state of the machine's apt changes.
APT_OPTIONS = (
    f"Dir::State::lists={CACHE}/debian/lists",
    f"Dir::Cache={CACHE}/debian",
    "APT::Sandbox::User=root",
    "Acquire::Check-Valid-Until=false",
    "Acquire::Languages=none",
    "Debug::NoLocking=1",
)


@dataclass(frozen=True)
class Peers:
    """The programs by name, with `our-python` and the peers' `python`, and the environment of commands.

    Debian's programs get `debian`. `tools` has the version of each tool, or the reason why it is missing;
    `packages` is the folder with the Python packages of the peers.
    """

    programs: dict[str, str]
    environment: dict[str, str]
    debian: dict[str, str]
    tools: dict[str, str]
    packages: str = ""


def prepare() -> Peers:
    """Gets all peers, and installs our own package from its sources as pip does."""
    CACHE.mkdir(parents=True, exist_ok=True)
    python = virtual_environment("peers", LOCK)
    ours = virtual_environment("ours", SOURCE / "tools/python/runtime.txt")
    install(ours, python)
    path = f"{python.parent}:{os.environ.get('PATH', os.defpath)}"
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
    environment = kept | {"PATH": path, "LC_ALL": "C.UTF-8"}
    there = all(shutil.which(program) for program in DEBIAN.values())
    found_by = environment if there else environment | debian(path)
    programs = {"our-python": str(ours), "python": str(python)}
    for name in ("software-update", "software-update-client"):
        programs[name] = str(ours.with_name(name))
    tools = {"tuf": locked_version("tuf")}
    for name in ("cp", "dd", "openssl", "imgtool", "swugenerator", *DEBIAN.values()):
        if found := shutil.which(name, path=found_by["PATH"]):
            programs[name] = found
        else:
            tools[name] = "(not measured, because neither PATH nor apt has it)"
    if "openssl" not in programs:
        raise BenchmarkError(
            "openssl is not on PATH; install it, because all others are compared with it"
        )
    for name in ("imgtool", "swugenerator"):
        tools.setdefault(name, locked_version(name))
    for name, option in (
        ("openssl", "version"),
        ("mender-artifact", "--version"),
        ("rauc", "--version"),
    ):
        if name in programs:
            said = succeed([programs[name], option], environment=found_by)
            tools[name] = (re.findall(r"\d[\w.]*", said) or [said.strip()])[0]
    packages = succeed([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    return Peers(programs, environment, found_by, tools, packages.strip())


def virtual_environment(name: str, lock: Path) -> Path:
    """Returns the Python of a virtual environment with the packages of a lock."""
    folder = CACHE / f"{name}-{sys.version_info.major}.{sys.version_info.minor}"
    # Some systems have pip but no ensurepip; --system-site-packages would add packages that are not locked.
    succeed([sys.executable, "-I", "-m", "venv", "--without-pip", folder])
    python = folder / "bin/python"
    pip(python, "--no-deps", "--require-hashes", "--only-binary=:all:", f"--requirement={lock}")
    return python


def install(ours: Path, peers: Path) -> None:
    """Installs our package as `pip install SOURCE` does."""
    wheels = CACHE / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    # The peers' environment has the build backend, so ours holds only what users have.
    code = "from hatchling import build; import sys; build.build_wheel(sys.argv[1])"
    succeed([peers, "-I", "-c", code, wheels], folder=SOURCE)
    pip(ours, "--no-deps", "--no-index", "--force-reinstall", *map(str, wheels.glob("*.whl")))


def pip(python: Path, *args: str) -> None:
    """Installs into another Python's environment with the machine's pip and its settings."""
    quiet = ("--quiet", "--disable-pip-version-check", "--root-user-action=ignore")
    succeed(["python3", "-m", "pip", "--python", python, "install", *quiet, *args])


def locked_version(name: str) -> str:
    """Returns the version that the lock of the peers pins."""
    return str(re.findall(rf"^{name}==(\S+)", LOCK.read_text(), re.MULTILINE)[0])


def debian(path: str) -> dict[str, str]:
    """Unpacks Debian packages and the dependencies that are not installed; returns variables to run them."""
    root, archives = CACHE / "debian/root", CACHE / "debian/archives"
    if not root.exists():
        for folder in (CACHE / "debian/lists/partial", archives / "partial"):
            folder.mkdir(parents=True, exist_ok=True)
        apt = ["apt-get", "-qq", *(f"-o{option}" for option in APT_OPTIONS)]
        get = ["install", "--yes", "--download-only", "--no-install-recommends"]
        try:
            succeed([*apt, "update"])
            succeed([*apt, *get, *DEBIAN])
        except (BenchmarkError, OSError) as error:
            # It names the machine's mirror, so it does not go to the page.
            print(f"benchmarks: {error}", file=sys.stderr)
            return {}
        for deb in archives.glob("*.deb"):
            succeed(["dpkg", "-x", deb, root])
    programs = [f"{root}/{folder}" for folder in ("usr/bin", "usr/sbin", "bin", "sbin")]
    libraries = sorted({str(library.parent) for library in root.glob("usr/lib/*/*.so*")})
    return {"PATH": ":".join([path, *programs]), "LD_LIBRARY_PATH": ":".join(libraries)}


def succeed(
    command: Iterable[str | Path],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Returns the output of a command, which must succeed."""
    argv = [str(arg) for arg in command]
    done = subprocess.run(
        argv,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    if done.returncode:
        shown = " ".join(argv)[:120]
        raise BenchmarkError(f"{shown} ended with {done.returncode}: {reason(done.stderr)}")
    return done.stdout
