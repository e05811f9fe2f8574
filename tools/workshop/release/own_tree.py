"""The source tree that a release is made from: a clean commit whose files agree about the version."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from own_sbom import MODULE, NAME, module_version
from software_update.base.errors import SoftwareUpdateError, shown_list

CHANGELOG = "CHANGELOG.md"
PACKAGE = "tools/software_update/__init__.py"
NOT_RELEASED = "not released"

_PAGES = ("README.md", "docs/**/*.md")
_DEPENDENCY = re.compile(rf'bazel_dep\(\s*name = "{NAME}",\s*version = "([^"]+)"')
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class NotReleasable(SoftwareUpdateError):
    """A tree that cannot be released as it is."""

    exit_code = 1


class Commit(NamedTuple):
    """A commit of git: its id in hex, and its time in seconds since 1970."""

    id: str
    time: int


class Entry(NamedTuple):
    """The section of a version in CHANGELOG.md. `date` is `not released`, or the day of the release."""

    date: str
    text: str


def git(top: Path, *args: str | Path, env: dict[str, str] | None = None) -> bytes:
    """Returns the output of git in the tree at `top`. Raises NotReleasable if it fails."""
    # The tree may belong to another user, as in containers. We run its programs anyway.
    command = ("git", "-c", "safe.directory=*", *args)
    done = subprocess.run(
        command, cwd=top, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").splitlines() or ["no output"]
        raise NotReleasable(f"git {args[0]}: {lines[-1]}; run this in a clone of the repository")
    return done.stdout


def clean_commit(top: Path) -> Commit:
    """Returns the commit of the tree. Raises NotReleasable if a file differs from it, or is not in it."""
    status = git(top, "status", "--porcelain", "-z", "--untracked-files=all").decode(
        errors="replace"
    )
    changed = [line[3:] for line in status.split("\0") if line]
    if changed:
        raise NotReleasable(
            f"{top}: files differ from the commit: {shown_list(changed, 4)}; commit or remove them"
        )
    commit, time = git(top, "log", "-1", "--format=%H %ct").decode().split()
    return Commit(commit, int(time))


def check_versions(top: Path, version: str) -> None:
    """Raises NotReleasable if a file of the tree states another version."""
    for path, found in _versions(top):
        if found != version:
            raise NotReleasable(
                f"{path}: says version {found}, and the release is {version}; correct one of them"
            )


def _versions(top: Path) -> Iterator[tuple[str, str]]:
    """Yields each path that states the version of the project, with that version."""
    yield MODULE, module_version(top)
    package = re.search(
        r'^__version__ = "(.+)"$', (top / PACKAGE).read_text(encoding="utf-8"), re.MULTILINE
    )
    yield PACKAGE, package[1] if package else "(none)"
    for pattern in _PAGES:
        for page in sorted(top.glob(pattern)):
            for found in _DEPENDENCY.findall(page.read_text(encoding="utf-8")):
                yield page.relative_to(top).as_posix(), found


def changelog_entry(top: Path, version: str) -> Entry:
    """Returns the section of a version. Raises NotReleasable if CHANGELOG.md has none, or no date of it."""
    text = (top / CHANGELOG).read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    for section in sections:
        heading, _, content = section.partition("\n")
        found = re.fullmatch(r"(\S+) \((.+)\)", heading.strip())
        if not found or found[1] != version:
            continue
        if found[2] != NOT_RELEASED and not _DATE.fullmatch(found[2]):
            raise NotReleasable(
                f"{CHANGELOG}: '## {heading}' has no date; write '## {version} (YEAR-MONTH-DAY)'"
            )
        return Entry(found[2], content.strip())
    raise NotReleasable(
        f"{CHANGELOG}: has no section '## {version} (YEAR-MONTH-DAY)'; describe the release there"
    )


def check_released(version: str, entry: Entry) -> None:
    """Raises NotReleasable if CHANGELOG.md says that a version is not released."""
    if entry.date == NOT_RELEASED:
        raise NotReleasable(
            f"{CHANGELOG}: says that {version} is not released; write the day of the release, "
            f"'## {version} (YEAR-MONTH-DAY)', and commit it"
        )


def git_environment() -> dict[str, str]:
    """Returns an environment in which git reads no configuration of the machine or the user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
