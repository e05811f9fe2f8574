"""Gets the other tools, the peers: from PATH, from PyPI with pip, or from Debian with apt.

A missing peer is not an error; the page says why it is missing.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.results import BenchmarkError

# Debian's packages, and the program that we run of each.
DEBIAN = {"mender-artifact": "mender-artifact", "rauc": "rauc", "squashfs-tools": "mksquashfs"}
PYTHON_PEERS = ("tuf", "imgtool", "swugenerator")
APT_SECONDS = 300


@dataclass(frozen=True)
class Peers:
    """The places of the programs: Pythons of our and the peers' virtual environments, and others by name.

    Commands get `environment`, those of Debian's packages `debian`; `versions` and `missing` (name to
    reason) go to the page.
    """

    ours: Path
    python: Path
    programs: dict[str, str]
    environment: dict[str, str]
    debian: dict[str, str]
    versions: dict[str, str]
    missing: dict[str, str]


def cache_folder() -> Path:
    """Returns the folder of the peers."""
    above = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(above, "rules_software_update/benchmarks")


def source_folder() -> Path:
    """The source tree: what Bazel says under `bazel run`, else that of this file."""
    return Path(os.environ.get("BUILD_WORKSPACE_DIRECTORY") or Path(__file__).parents[2])


def prepare(cache: Path, source: Path) -> Peers:
    """Gets all peers, and installs our own package from its sources as pip does."""
    cache.mkdir(parents=True, exist_ok=True)
    locked_peers = source / "tools/workshop/locks/benchmarks.txt"
    python = virtual_environment(cache / "peers", [locked_peers])
    ours = virtual_environment(cache / "ours", [source / "tools/python/runtime.txt"])
    install(ours, python, source, cache / "wheels")
    environment = {
        "PATH": os.pathsep.join([str(python.parent), os.environ.get("PATH", os.defpath)]),
        "HOME": os.environ.get("HOME", str(cache)),
        "LC_ALL": "C.UTF-8",
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
    }
    missing: dict[str, str] = {}
    found_by = environment
    wanted = [name for name, program in DEBIAN.items() if not shutil.which(program)]
    if wanted:
        try:
            found_by = environment | debian(wanted, cache, environment["PATH"])
        except (BenchmarkError, OSError, subprocess.TimeoutExpired) as error:
            # An error of apt names the machine's mirror, so it does not go to the page.
            print(f"benchmarks: {error}", file=sys.stderr)
            programs_of = [DEBIAN[name] for name in wanted]
            missing |= dict.fromkeys(programs_of, "not on PATH, and apt cannot bring it")
    programs = {}
    for program in ("openssl", "cp", "imgtool", "swugenerator", *DEBIAN.values()):
        found = shutil.which(program, path=found_by["PATH"])
        if found:
            programs[program] = found
        else:
            missing.setdefault(program, f"there is no {program} on PATH")
    if "openssl" not in programs:
        raise BenchmarkError(
            "there is no openssl on PATH, the tool that all others are compared with; install it"
        )
    versions = {name: locked_version(locked_peers, name) for name in PYTHON_PEERS}
    versions |= program_versions(programs, found_by)
    return Peers(ours, python, programs, environment, found_by, versions, missing)


# --- PyPI ---


def virtual_environment(folder: Path, locks: list[Path]) -> Path:
    """Returns the Python of a virtual environment with the packages of the locks; makes it if needed."""
    content = b"".join(lock.read_bytes() for lock in locks)
    key = hashlib.sha256(f"{sys.version}{folder}".encode() + content).hexdigest()
    python, complete = folder / "bin/python", folder / "complete"
    if complete.exists() and complete.read_text() == key:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    # Some systems have pip but no ensurepip; --system-site-packages would add packages that are not locked.
    succeed([sys.executable, "-I", "-m", "venv", "--without-pip", folder])
    requirements = [f"--requirement={lock}" for lock in locks]
    pip(python, "--no-deps", "--require-hashes", "--only-binary=:all:", *requirements)
    complete.write_text(key)
    return python


def install(ours: Path, peers: Path, source: Path, wheels: Path) -> None:
    """Installs our package as `pip install SOURCE` does."""
    shutil.rmtree(wheels, ignore_errors=True)
    # The peers' environment has the build backend, so ours holds only what users have.
    code = "from hatchling import build; import sys; build.build_wheel(sys.argv[1])"
    succeed([peers, "-I", "-c", code, wheels], folder=source)
    [wheel] = wheels.glob("*.whl")
    pip(ours, "--no-deps", "--no-index", "--force-reinstall", str(wheel))


def pip(python: Path, *args: str) -> None:
    """Installs into another Python's environment with the machine's pip and its settings."""
    machine = shutil.which("python3")
    if not machine:
        raise BenchmarkError("there is no python3 on PATH; install Python with pip")
    quiet = ("--quiet", "--disable-pip-version-check", "--root-user-action=ignore")
    succeed([machine, "-m", "pip", "--python", python, "install", *quiet, *args])


def locked_version(lock: Path, name: str) -> str:
    """Returns the version that a lock file pins."""
    found = re.search(rf"^{re.escape(name)}==(\S+)", lock.read_text(), re.MULTILINE)
    if not found:
        raise BenchmarkError(f"{lock.name} does not pin {name}; renew it")
    return found.group(1)


# --- Debian ---


def debian(packages: list[str], cache: Path, path: str) -> dict[str, str]:
    """Unpacks Debian packages and the dependencies that are not installed; returns variables to run them.

    apt downloads them and checks their signatures. Its own state does not change.
    """
    release = Path("/etc/os-release").read_bytes() + " ".join(packages).encode()
    folder = cache / "debian" / hashlib.sha256(release).hexdigest()[:16]
    root, complete = folder / "root", folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("lists/partial", "cache/archives/partial", "root"):
            (folder / name).mkdir(parents=True)
        # A mirror may be a snapshot, whose lists are older than apt expects.
        options = [f"Dir::State::lists={folder}/lists", f"Dir::Cache={folder}/cache"]
        options += ["APT::Sandbox::User=root", "Acquire::Check-Valid-Until=false"]
        options += ["Acquire::Languages=none", "Acquire::Retries=2", "Debug::NoLocking=1"]
        apt = ["apt-get", "-qq", *(arg for option in options for arg in ("-o", option))]
        succeed([*apt, "update"], seconds=APT_SECONDS)
        get = ["install", "--yes", "--download-only", "--no-install-recommends"]
        succeed([*apt, *get, *packages], seconds=APT_SECONDS)
        for deb in sorted((folder / "cache/archives").glob("*.deb")):
            succeed(["dpkg", "-x", deb, root])
        complete.touch()
    programs = [root / "usr/bin", root / "usr/sbin", root / "bin", root / "sbin"]
    libraries = {library.parent for library in root.glob("usr/lib/*/*.so*")}
    return {
        "PATH": os.pathsep.join([path, *map(str, programs)]),
        "LD_LIBRARY_PATH": os.pathsep.join(sorted(map(str, libraries))),
    }


# --- programs ---


def program_versions(programs: dict[str, str], environment: dict[str, str]) -> dict[str, str]:
    """Returns the versions of the programs: the first number in what they print."""
    asked = {"openssl": "version", "mender-artifact": "--version", "rauc": "--version"}
    versions = {}
    for name, argument in asked.items():
        if name in programs:
            said = succeed([programs[name], argument], environment=environment)
            found = re.search(r"\d[\w.]*", said)
            versions[name] = found.group() if found else said.strip()
    return versions


def succeed(
    command: Iterable[str | Path],
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
    seconds: float = 900,
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
        timeout=seconds,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
        raise BenchmarkError(f"{' '.join(argv)[:120]} ended with {done.returncode}: {last}")
    return done.stdout
