"""The components of this project itself: the packages of its locks, and the modules of MODULE.bazel.

    components = own_components(top)
    sbom = build_sbom(Product("rules_software_update", version), [each.component for each in components])

All values come from files of the tree, so the same tree gives the same list on each machine.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from software_update.attachments.sbom import Component
from software_update.base.errors import InputError

# Packages in these locks run on machines of users; those of the other locks run only on ours.
PRODUCT_LOCKS = "tools/python"
WORKSHOP_LOCKS = "tools/workshop/locks"
LICENCES = "tools/workshop/release/licences.toml"

_PIN = re.compile(
    r"^([\w.-]+)==([\w.+!-]+)((?: *\\?\n? *--hash=sha256:[0-9a-f]{64})+)", re.MULTILINE
)
_HASH = re.compile(r"sha256:([0-9a-f]{64})")
_MODULE = re.compile(r'^bazel_dep\(name = "([\w.-]+)", version = "([\w.+-]+)"', re.MULTILINE)


class OwnComponent(NamedTuple):
    """A component, and the files of the tree that name it."""

    component: Component
    named_in: tuple[str, ...]


def own_components(top: Path) -> list[OwnComponent]:
    """Returns the components that the tree in `top` names, sorted by name and version.

    Raises InputError if a component has no licence in licences.toml, or a licence has no component.
    """
    licences = tomllib.loads((top / LICENCES).read_text(encoding="utf-8"))
    found: dict[tuple[str, str], tuple[set[str], list[str]]] = {}
    for path in locks(top):
        for name, version, hashes in pins((top / path).read_text(encoding="utf-8")):
            known = found.setdefault((name, version), (set(), []))
            known[0].update(hashes)
            known[1].append(path)
    packages = [
        OwnComponent(
            Component(
                name,
                version,
                licence=licence_of(licences["packages"], name),
                purl=f"pkg:pypi/{name}@{version}",
                sha256=" ".join(sorted(hashes)),
            ),
            tuple(named_in),
        )
        for (name, version), (hashes, named_in) in found.items()
    ]
    text = (top / "MODULE.bazel").read_text(encoding="utf-8")
    modules = [
        OwnComponent(
            Component(
                name,
                version,
                licence=licence_of(licences["modules"], name),
                purl=f"pkg:bazel/{name}@{version}",
            ),
            ("MODULE.bazel",),
        )
        for name, version in _MODULE.findall(text)
    ]
    names = {each.component.name for each in (*packages, *modules)}
    if unused := sorted({*licences["packages"], *licences["modules"]} - names):
        raise InputError(
            f"{LICENCES}: {unused[0]} is not in a lock or in MODULE.bazel; remove the line"
        )
    return sorted([*packages, *modules])


def locks(top: Path) -> list[str]:
    """Returns the paths of all locks, relative to the tree."""
    folders = (PRODUCT_LOCKS, WORKSHOP_LOCKS)
    return [
        f"{each}/{path.name}" for each in folders for path in sorted((top / each).glob("*.txt"))
    ]


def pins(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yields name, version and hashes of each package in the text of a lock."""
    for name, version, hashes in _PIN.findall(text):
        yield name, version, _HASH.findall(hashes)


def licence_of(licences: dict[str, str], name: str) -> str:
    if name not in licences:
        raise InputError(f"{LICENCES}: lacks {name}; add its licence as an SPDX expression")
    return licences[name]
