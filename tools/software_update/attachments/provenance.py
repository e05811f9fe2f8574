"""The provenance of a release: how it was built, as an in-toto statement with SLSA's provenance v1.

    paths = source_paths(aquery)
    materials = group_materials({path: digest_of(path) for path in paths})
    statement = provenance(release_digest, ["bazel", "build", "//lamp:bundle"], materials)

The same sources and command give the same bytes: it contains no time, and nothing of the machine.

https://slsa.dev/spec/v1.0/provenance
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from software_update.attachments.statement import PROVENANCE, Statement, build_statement
from software_update.base.errors import InputError

BUILD_TYPE = "https://bazel.build/run/build"
# The vendor's own files. The other materials are Bazel's external repositories, and with GN, the files
# outside the source tree.
SOURCE = "source"
SYSTEM = "system"

_OUTPUTS = "bazel-out/"
_EXTERNAL = "external/"


class Material(NamedTuple):
    """Files from which a release is built: their repository, and the SHA-256 of their list."""

    name: str
    sha256: bytes


def source_paths(aquery: Any) -> list[str]:
    """Returns the files that the actions of a build read and that no action made, sorted.

    `aquery` is the document of `bazel aquery --output=jsonproto`. Paths of external repositories begin with
    `external/`; the others are relative to the workspace. Raises InputError for another document.
    """
    try:
        fragments = {each["id"]: each for each in aquery["pathFragments"]}
        paths = {_path(fragments, each["pathFragmentId"]) for each in aquery["artifacts"]}
    except (KeyError, TypeError):
        raise InputError("aquery: its answer has another form; use Bazel 7 or later") from None
    return sorted(path for path in paths if not path.startswith(_OUTPUTS))


def _path(fragments: Mapping[int, Any], number: int) -> str:
    parts = []
    # A fragment without a parent is the first part of a path.
    while number:
        parts.append(fragments[number]["label"])
        number = fragments[number].get("parentId", 0)
    return "/".join(reversed(parts))


def group_materials(digests: Mapping[str, bytes]) -> list[Material]:
    """Returns one material for each repository. `digests` has the SHA-256 of each file by its path.

    The SHA-256 of a material is that of the lines which `sha256sum` prints for its files, sorted by path.
    """
    lines: dict[str, list[str]] = {}
    for path, digest in sorted(digests.items()):
        name, inside = SOURCE, path
        if path.startswith(_EXTERNAL):
            name, _, inside = path.removeprefix(_EXTERNAL).partition("/")
            name = f"@@{name}"
        elif path.startswith("/"):
            name = SYSTEM
        lines.setdefault(name, []).append(f"{digest.hex()}  {inside}\n")
    return [
        Material(name, hashlib.sha256("".join(lines[name]).encode()).digest())
        for name in sorted(lines)
    ]


def provenance(
    release_digest: bytes,
    command: Sequence[str],
    materials: Iterable[Material],
    builder: str = "https://bazel.build",
    build_type: str = BUILD_TYPE,
    parameters: Mapping[str, str] | None = None,
) -> bytes:
    """Returns the statement as JSON.

    `builder` is a URI that identifies the one who built, and `build_type` one of the build system.
    `parameters` are more parameters of the build besides its command.
    """
    dependencies = [
        {"name": each.name, "digest": {"sha256": each.sha256.hex()}} for each in materials
    ]
    predicate = {
        "buildDefinition": {
            "buildType": build_type,
            "externalParameters": {"command": list(command), **(parameters or {})},
            "internalParameters": {},
            "resolvedDependencies": dependencies,
        },
        "runDetails": {"builder": {"id": builder}},
    }
    return build_statement(Statement(release_digest, PROVENANCE, predicate))
