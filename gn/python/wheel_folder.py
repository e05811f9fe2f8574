"""Which of a lock's wheels a folder holds."""

from __future__ import annotations

import hashlib
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from fetch_wheels import PYTHONS, FetchError, distribution_name


@dataclass(frozen=True)
class Release:
    """The version and hashes of one distribution in a lock."""

    name: str
    version: str
    hashes: frozenset[str]


@dataclass(frozen=True)
class Wheel:
    """A file of a locked release, with its sha256, which the lock lists."""

    path: Path
    release: Release
    sha256: str


def read_lock(lock: Path) -> list[Release]:
    """The releases that a lock file pins, in its order."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    pins = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)(.*)$", text, re.M)
    return [
        Release(
            distribution_name(name),
            version,
            frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})\b", rest)),
        )
        for name, version, rest in pins
    ]


def find_wheels(folder: Path, lock: Path) -> list[Wheel]:
    """The wheels of the locked releases that this platform can use; a changed one is refused.

    Everything else in the folder is ignored: it may serve other projects, platforms and Pythons.
    """
    releases = {(release.name, release.version): release for release in read_lock(lock)}
    wheels = []
    for path in sorted(folder.glob("*-*-*-*-*.whl")):
        name, version = path.name.split("-")[:2]
        release = releases.get((distribution_name(name), version))
        if release and _for_this_platform(path) and any(_serves(path, each) for each in PYTHONS):
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            if sha256 not in release.hashes:
                raise FetchError(
                    f"{path}: its sha256 is not in {lock.name}; find out why, then remove it and"
                    " fetch the wheels again"
                )
            wheels.append(Wheel(path, release, sha256))
    return wheels


def missing(wheels: list[Wheel], lock: Path, python: str) -> list[str]:
    """The locked releases, as `name==version`, of which no wheel serves CPython `python`."""
    there = {wheel.release for wheel in wheels if _serves(wheel.path, python)}
    return [f"{each.name}=={each.version}" for each in read_lock(lock) if each not in there]


def _for_this_platform(wheel: Path) -> bool:
    """As its name says; the names of all wheels that can be locked begin so."""
    system = {"Darwin": "macosx_"}.get(platform.system(), "manylinux")
    machine = f"_{platform.machine().lower()}"
    _, _, platforms = _tags(wheel)
    return any(
        tag == "any" or (tag.startswith(system) and tag.endswith(machine)) for tag in platforms
    )


def _serves(wheel: Path, python: str) -> bool:
    """Returns whether the wheel's name says that CPython `python` (such as 3.12) can use it."""
    pythons, abis, _ = _tags(wheel)
    this = f"cp{python.replace('.', '')}"
    if "abi3" in abis:
        return any(int(tag[3:]) <= int(this[3:]) for tag in pythons if tag.startswith("cp3"))
    return not {"py3", this}.isdisjoint(pythons) and not {"none", this}.isdisjoint(abis)


def _tags(wheel: Path) -> list[list[str]]:
    """The tags for Pythons, ABIs and platforms in a wheel's name."""
    return [part.split(".") for part in wheel.stem.split("-")[-3:]]
