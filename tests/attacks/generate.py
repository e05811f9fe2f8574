"""Writes tests/vectors/attacks: cases.json, bundles, recipes, roots and manifests.

Run `PYTHONPATH=tools python -m tests.attacks.generate` in the top folder.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.attacks import (
    allowed_cases,
    compression_cases,
    envelope_cases,
    folders,
    key_cases,
    list_cases,
    metadata_cases,
    recovery_cases,
    release_cases,
    root_cases,
)
from tests.attacks.product import Case
from tests.attacks.recipes import recipe_of

FOLDER = Path(__file__).absolute().parents[1] / "vectors/attacks"
CASES: list[Case] = [
    *envelope_cases.CASES,
    *metadata_cases.CASES,
    *key_cases.CASES,
    *root_cases.CASES,
    *release_cases.CASES,
    *recovery_cases.CASES,
    *list_cases.CASES,
    *allowed_cases.CASES,
    *compression_cases.CASES,
]


def files(cases: Sequence[Case]) -> dict[str, bytes]:
    """Returns every generated file by its name: bundles, recipes, roots, manifests and `cases.json`."""
    made: dict[str, bytes] = {}
    described = []

    def add(kind: str, content: bytes) -> str:
        """Adds a file that cases may share."""
        name = f"{hashlib.sha256(content).hexdigest()[:8]}.{kind}"
        made[name] = content
        return name

    for case in cases:
        entry = {"name": case.name, "verdict": case.verdict, "what": case.what}
        entry["trusted_root"] = add("root.pb", case.trusted)
        if case.huge is None:
            entry["bundle"] = f"{case.name}.bundle"
            made[entry["bundle"]] = case.bundle
        else:
            entry["recipe"] = f"{case.name}.recipe.json"
            made[entry["recipe"]] = json.dumps(recipe_of(case.huge())).encode() + b"\n"
        if case.installed is not None:
            entry["installed"] = add("installed.pb", case.installed)
        if case.installed_root is not None:
            entry["installed_root"] = add("root.pb", case.installed_root)
        if case.at is not None:
            entry["at"] = case.at
        if case.hardware_id is not None:
            entry["hardware_id"] = case.hardware_id
        described.append(entry)
    made["cases.json"] = folders.document(described)
    return made


def main() -> int:
    made = files(CASES)
    folders.write(FOLDER, made)
    print(f"{len(CASES)} cases, {len(made)} files, {sum(map(len, made.values()))} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
