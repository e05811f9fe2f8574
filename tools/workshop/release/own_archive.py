"""The source archive of a release: `git archive` of the commit, compressed; the same bytes in each run.

Nothing of the machine reaches the archive: git reads no configuration, and attributes only from the commit.
It contains the whole tree, tests as well: auditors run them, and other modules load their packages. Anyone
can compare the uncompressed archive with `git archive`, also with another version of zlib.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

from own_sbom import NAME
from own_tree import Commit, git, git_environment

_SETTINGS = ("-c", "tar.umask=0022", "-c", "core.attributesFile=", "-c", "core.autocrlf=false")


class Archive(NamedTuple):
    """A source archive: its file name, and the SHA-256 of the tar file in it, in hex."""

    file: str
    tar_sha256: str


def archive_name(version: str) -> str:
    """Returns the file name of the source archive. The sdist for Python has the name without `v`."""
    return f"{NAME}-v{version}.tar.gz"


def prefix(version: str) -> str:
    """Returns the folder in the source archive."""
    return f"{NAME}-{version}"


def write_archive(top: Path, commit: Commit, version: str, folder: Path) -> Archive:
    """Writes the source archive of a commit into a folder."""
    content = _tar(top, commit, version)
    compressed = io.BytesIO()
    # Without a name and a time in its header.
    with gzip.GzipFile("", "wb", 9, compressed, mtime=0) as file:
        file.write(content)
    (folder / archive_name(version)).write_bytes(compressed.getvalue())
    return Archive(archive_name(version), hashlib.sha256(content).hexdigest())


def unpack(archive: Path, version: str, folder: Path) -> Path:
    """Unpacks a source archive into a folder, as users do. Returns the top of the tree."""
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return folder / prefix(version)


def _tar(top: Path, commit: Commit, version: str) -> bytes:
    """Returns the commit as a tar file.

    A new repository that borrows the objects of `top` has no attributes or settings of its own.
    """
    env = git_environment()
    objects = git(top, "rev-parse", "--path-format=absolute", "--git-path", "objects")
    with tempfile.TemporaryDirectory(prefix="own_archive.") as scratch:
        git(Path(scratch), "init", "--quiet", "--bare", "--template=", ".", env=env)
        alternates = Path(scratch, "objects/info/alternates")
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_bytes(objects)
        arguments = ("archive", "--format=tar", f"--prefix={prefix(version)}/", commit.id)
        return git(Path(scratch), *_SETTINGS, *arguments, env=env)
