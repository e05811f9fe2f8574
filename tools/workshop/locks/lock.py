"""Renews the lock files: `./bazelw run //tools/workshop/locks:lock`, or this file by itself.

The locks that consumers need are in `tools/python/`; the others are next to this file. For each
NAME.in, the program asks the machine's pip for the newest releases that fit, downloads their wheels
for every supported CPython and platform, and writes NAME.txt: one version of each distribution, and
the sha256 of every wheel. The index is the one of pip's own settings; its address is not written.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# pip's names of the platforms. For Linux the oldest C library that all packages still have wheels
# for, spelled in the two ways that wheels use.
PLATFORMS = {
    "Linux x86-64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "Linux arm64": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
    "macOS arm64": ("macosx_11_0_arm64",),
}
# A lock for fewer of them, by name: where a distribution has no more wheels, or what goes with it
# is Debian forky's.
FEWER = {
    "fuzz": (("3.12", "3.13", "3.14"), ("Linux x86-64",)),
    "remote": (("3.14",), ("Linux x86-64", "Linux arm64")),
    # A dependency, backrefs, has other data for each CPython.
    "site": (("3.14",), tuple(PLATFORMS)),
}
COMMAND = "./bazelw run //tools/workshop/locks:lock"
NO_DEPS = re.compile(r"\s+# no-deps$")
HEADER = """\
# Every wheel that the tools may use, by sha256, for CPython {pythons}
# on {platforms}.
# Made from {source}. Renew with: {command}
"""


class LockError(Exception):
    """One line for the user."""


def split_requirements(text: str) -> tuple[list[str], list[str]]:
    """The requirements to take with their dependencies, and those marked `# no-deps`."""
    lines = [line.rstrip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    no_deps = [NO_DEPS.sub("", line) for line in lines if NO_DEPS.search(line)]
    return [line for line in lines if not NO_DEPS.search(line)], no_deps


def wheel_release(file_name: str) -> tuple[str, str]:
    """Name (as an index spells it) and version of a wheel."""
    name, version = file_name.split("-")[:2]
    return re.sub(r"[-_.]+", "-", name).lower(), version


def supported(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The CPythons and platforms that a lock is for."""
    return FEWER.get(name, (PYTHONS, tuple(PLATFORMS)))


def lock_text(source: str, wheels: dict[str, str]) -> str:
    """The lock file for these wheels (file name to sha256)."""
    pythons, platforms = supported(Path(source).stem)
    hashes: dict[tuple[str, str], set[str]] = {}
    for file_name, digest in wheels.items():
        hashes.setdefault(wheel_release(file_name), set()).add(digest)
    names = [name for name, _ in hashes]
    for name in names:
        if names.count(name) > 1:
            raise LockError(f"{source}: the index gave two versions of {name}; pin one in {source}")
    head = HEADER.format(
        pythons=" to ".join(dict.fromkeys((pythons[0], pythons[-1]))),
        platforms=", ".join(platforms),
        source=source,
        command=COMMAND,
    )
    entries = []
    for (name, version), digests in sorted(hashes.items()):
        lines = [f"{name}=={version}", *(f"    --hash=sha256:{d}" for d in sorted(digests))]
        entries.append(" \\\n".join(lines) + "\n")
    return head + "".join(entries)


def pip_download(out: Path, requirements: list[str], python: str, *options: str) -> None:
    """Downloads wheels for one CPython into `out`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    command += [f"--abi=cp{python.replace('.', '')}", "--dest=.", *options, *requirements]
    run = subprocess.run(command, cwd=out, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        lines = re.findall(r"^ERROR: (.*)$", run.stderr, re.M) or run.stderr.splitlines()
        raise LockError(f"pip download failed for CPython {python}: {(lines or ['no output'])[-1]}")


def resolve(requirements: list[str], no_deps: list[str], python: str) -> list[str]:
    """One version of each distribution that is needed: `name==version`, for one CPython, the oldest.

    pip evaluates environment markers for the Python that runs it, not for `--python-version`: run
    this with the oldest, for which referencing needs typing-extensions, and later ones do not.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        pip_download(out, requirements, python)
        if no_deps:
            pip_download(out, no_deps, python, "--no-deps")
        releases = sorted(wheel_release(wheel.name) for wheel in out.glob("*.whl"))
    return [f"{name}=={version}" for name, version in releases]


def download_all(
    pins: list[str], pythons: tuple[str, ...], platforms: tuple[str, ...]
) -> dict[str, str]:
    """The sha256 of every wheel of the pinned releases that a supported machine could ask for."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        for platform in platforms:
            tags = [f"--platform={tag}" for tag in PLATFORMS[platform]]
            for python in pythons:
                pip_download(out, pins, python, "--no-deps", *tags)
        return {
            wheel.name: hashlib.sha256(wheel.read_bytes()).hexdigest()
            for wheel in out.glob("*.whl")
        }


def renew(source: Path) -> Path:
    """Writes NAME.txt for one NAME.in; the old one stays until the new one is whole."""
    requirements, no_deps = split_requirements(source.read_text(encoding="utf-8"))
    pythons, platforms = supported(source.stem)
    pins = resolve(requirements, no_deps, pythons[0])
    text = lock_text(source.name, download_all(pins, pythons, platforms))
    lock = source.with_suffix(".txt")
    half = source.with_suffix(".txt.tmp")
    half.write_text(text, encoding="utf-8")
    half.replace(lock)
    return lock


def all_sources() -> dict[str, Path]:
    """Finds each NAME.in of the source tree, also under `bazel run`, where this file is a copy."""
    workspace = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    tools = Path(workspace, "tools") if workspace else Path(__file__).parents[2]
    found = [*tools.glob("python/*.in"), *tools.glob("workshop/locks/*.in")]
    return {source.stem: source for source in sorted(found, key=lambda path: path.stem)}


def main(argv: list[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="lock", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="the name of a lock's .in file, such as runtime or test (default: all)",
    )
    args = parser.parse_args(argv)
    sources = all_sources()
    for name in args.names:
        if name not in sources:
            parser.error(f"{name} is not one of the locks: {', '.join(sources)}")
    try:
        for name in args.names or sources:
            print(f"lock: wrote {renew(sources[name]).name}", file=sys.stderr)
    except (LockError, OSError) as error:
        print(f"lock: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
