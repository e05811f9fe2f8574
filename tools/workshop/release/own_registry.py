"""The entry of a release in a Bazel registry, made from the templates in `.bcr`.

The folder is a whole registry: `--registry=file://...` reads it. For the Bazel Central Registry, copy its
folder `modules` into a clone of that repository.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

from own_archive import archive_name
from own_sbom import MODULE, NAME
from software_update.base.errors import UsageError

TEMPLATES = ".bcr"
REGISTRY = "registry"

_REPOSITORY = re.compile(r"([A-Za-z0-9-]+)/([A-Za-z0-9._-]+)")


def integrity(content: bytes) -> str:
    """Returns the digest of a file as Bazel's `integrity` has it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"


def parse_repository(repository: str) -> tuple[str, str]:
    """Returns the owner and the name of a repository on GitHub. Raises UsageError if it is not OWNER/NAME."""
    if not (found := _REPOSITORY.fullmatch(repository)):
        raise UsageError(
            f"--repository: '{repository}': write OWNER/NAME, as in its address on GitHub"
        )
    return found[1], found[2]


def write_registry(source: Path, version: str, repository: str, folder: Path) -> None:
    """Writes the registry into `folder / REGISTRY`, for the source archive in `folder`.

    `source` is the unpacked source archive, `repository` is OWNER/NAME on GitHub.
    """
    owner, name = parse_repository(repository)
    values = {"OWNER": owner, "REPO": name, "VERSION": version, "TAG": f"v{version}"}
    archive = (folder / archive_name(version)).read_bytes()
    entry = _filled(source / TEMPLATES / "source.template.json", values)
    entry["integrity"] = integrity(archive)
    metadata = _filled(source / TEMPLATES / "metadata.template.json", values)
    metadata["versions"] = [version]
    place = folder / REGISTRY / "modules" / NAME
    (place / version).mkdir(parents=True)
    _write(folder / REGISTRY / "bazel_registry.json", {})
    _write(place / "metadata.json", metadata)
    _write(place / version / "source.json", entry)
    # The registry rejects an entry whose MODULE.bazel is not that of the archive.
    (place / version / MODULE).write_bytes((source / MODULE).read_bytes())
    presubmit = (source / TEMPLATES / "presubmit.yml").read_bytes()
    (place / version / "presubmit.yml").write_bytes(presubmit)


def _filled(template: Path, values: dict[str, str]) -> Any:
    text = template.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return json.loads(text)


def _write(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, indent=4) + "\n", encoding="utf-8")
