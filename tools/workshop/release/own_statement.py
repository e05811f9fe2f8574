"""Provenance of a release, an in-toto statement with SLSA's provenance v1, and checksums of its files.

Unlike the provenance of a bundle, its subjects are files that people download: the release manifest lists the
statement itself, so the signatures of the release cover it.

https://slsa.dev/spec/v1.0/provenance
"""

from __future__ import annotations

import hashlib
import platform
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from own_archive import Archive
from own_components import pins
from own_sbom import NAME
from own_tree import Commit
from software_update.attachments.statement import PROVENANCE, STATEMENT
from software_update.base import strict_json

COMMAND = "./bazelw run //tools/workshop:release --"
BUILD_TYPE = "https://bazel.build/run/build"
BUILDER = "https://bazel.build"

# The lock of the packages that make the wheel.
_BUILD_LOCK = "tools/python/build.txt"


def sha256_of(path: Path) -> str:
    """Returns the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def build_own_statement(
    files: Mapping[str, str],
    version: str,
    commit: Commit,
    archive: Archive,
    source: Path,
    builder: str,
) -> bytes:
    """Returns the statement as JSON.

    `files` has the SHA-256 of each file of the release by name, `source` is the unpacked source archive, and
    `builder` is a URI that identifies the one who made the release.
    """
    lock = (source / _BUILD_LOCK).read_text(encoding="utf-8")
    dependencies: list[dict[str, Any]] = [{"name": "source", "digest": {"gitCommit": commit.id}}]
    dependencies += [
        {"uri": f"pkg:pypi/{name}@{number}", "digest": {"sha256": sha256}}
        for name, number, hashes in pins(lock)
        for sha256 in hashes
    ]
    statement = {
        "_type": STATEMENT,
        "subject": [
            {"name": name, "digest": {"sha256": digest}} for name, digest in sorted(files.items())
        ],
        "predicateType": PROVENANCE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"command": [*COMMAND.split(), version]},
                # The compressed bytes depend on them.
                "internalParameters": {
                    "python": platform.python_version(),
                    "zlib": zlib.ZLIB_RUNTIME_VERSION,
                },
                "resolvedDependencies": dependencies,
            },
            "runDetails": {
                "builder": {"id": builder},
                "byproducts": [
                    {
                        "name": archive.file.removesuffix(".gz"),
                        "digest": {"sha256": archive.tar_sha256},
                    }
                ],
            },
        },
    }
    return strict_json.to_text(statement).encode()


def checksums(folder: Path, names: Iterable[str]) -> str:
    """Returns lines for `sha256sum --check`, sorted by name."""
    return "".join(f"{sha256_of(folder / name)}  {name}\n" for name in sorted(names))


def sbom_name(version: str) -> str:
    return f"{NAME}-{version}.cdx.json"


def statement_name(version: str) -> str:
    return f"{NAME}-{version}.provenance.json"
