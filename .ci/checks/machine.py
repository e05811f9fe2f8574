"""The folder of all caches, and the programs that a Debian machine may lack."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from run import CheckError, Run

GIB_FREE = 30  # 20 of them for the large payloads


def make_scratch() -> Path:
    """A new folder on a disk with room; Bazel and its root take several GiB, too much for a tmpfs."""
    for base in (os.environ.get("TMPDIR"), "/var/tmp", "/tmp"):
        if not base or not os.access(base, os.W_OK) or "tmpfs" in filesystem(base):
            continue
        if shutil.disk_usage(base).free >= GIB_FREE << 30:
            return Path(tempfile.mkdtemp(prefix="software_update_ci.", dir=Path(base).resolve()))
    print(f"ci: found no folder with {GIB_FREE} GiB free outside a tmpfs; set TMPDIR to one")
    print("0 passed, 1 failed")
    sys.exit(1)


def filesystem(path: str) -> str:
    command = ["stat", "-f", "-c", "%T", "--", path]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def fresh_environment(scratch: Path) -> dict[str, str]:
    """The caller's environment, with every cache below `scratch`."""
    folders = {
        "XDG_CACHE_HOME": scratch / "cache",
        "PIP_CACHE_DIR": scratch / "cache/pip",
        "npm_config_cache": scratch / "cache/npm",
        "RUFF_CACHE_DIR": scratch / "cache/ruff",
        "MYPY_CACHE_DIR": scratch / "cache/mypy",
        "TMPDIR": scratch / "tmp",
    }
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ) | {name: str(folder) for name, folder in folders.items()}
    for name in ("PYKCS11LIB", "PYTHONPATH", "VIRTUAL_ENV"):
        env.pop(name, None)
    return env | {"CI": "true"}


def npm(run: Run) -> str:
    """npm, installed if it is missing."""
    if not shutil.which("npm", path=run.env["PATH"]):
        apt_install(run, "npm")
    return "npm"


def make_venv(run: Run, name: str) -> Path:
    """The Python of a new virtual environment."""
    has_venv = "import ensurepip, venv"
    try:
        run.command("python3", "-c", has_venv)
    except CheckError:
        apt_install(run, "python3-venv")
    run.command("python3", "-m", "venv", run.scratch / name)
    return run.scratch / name / "bin/python"


def apt_install(run: Run, package: str) -> None:
    run.command("apt-get", "-q", "update")
    options = ("-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120")
    run.command("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *options, "install", package)
