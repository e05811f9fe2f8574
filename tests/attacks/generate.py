"""Writes cases.json and cases/: bundles, trusted roots and manifests. `python -m tests.attacks.generate`."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.attacks import (
    envelope_cases,
    key_cases,
    list_cases,
    metadata_cases,
    recovery_cases,
    release_cases,
    root_cases,
)
from tests.attacks.product import Case

HERE = Path(__file__).absolute().parent
CASES: list[Case] = [
    *envelope_cases.CASES,
    *metadata_cases.CASES,
    *key_cases.CASES,
    *root_cases.CASES,
    *release_cases.CASES,
    *recovery_cases.CASES,
    *list_cases.CASES,
]


def files(cases: Sequence[Case]) -> dict[str, bytes]:
    """Every file of the golden set, by its path below this folder."""
    made: dict[str, bytes] = {}
    described = []
    for case in cases:
        entry = {"name": case.name, "verdict": case.verdict, "what": case.what}
        entry["trusted_root"] = _named("root.pb", case.trusted)
        made[entry["trusted_root"]] = case.trusted
        if case.huge is None:
            entry["bundle"] = f"cases/{case.name}.bundle"
            made[entry["bundle"]] = case.bundle
        else:
            entry["bundle"] = "made by the test: too large to keep"
        if case.installed is not None:
            entry["installed"] = _named("manifest.pb", case.installed)
            made[entry["installed"]] = case.installed
        if case.installed_root is not None:
            entry["installed_root"] = _named("root.pb", case.installed_root)
            made[entry["installed_root"]] = case.installed_root
        entry["at"] = case.at
        if case.hardware_id is not None:
            entry["hardware_id"] = case.hardware_id
        described.append(entry)
    lines = ",\n".join(json.dumps(each) for each in described)
    made["cases.json"] = f"[\n{lines}\n]\n".encode()
    return made


def _named(kind: str, content: bytes) -> str:
    """The name of a file that cases share."""
    return f"cases/{hashlib.sha256(content).hexdigest()[:8]}.{kind}"


def main() -> int:
    made = files(CASES)
    (HERE / "cases").mkdir(exist_ok=True)
    for old in (HERE / "cases").iterdir():
        if f"cases/{old.name}" not in made:
            old.unlink()
    for name, content in made.items():
        (HERE / name).write_bytes(content)
    print(f"{len(CASES)} cases, {len(made)} files, {sum(map(len, made.values()))} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
