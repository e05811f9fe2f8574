"""Reads the cases below this folder: the bundle, the device that meets it, and the verdict.

`cases.schema.json` documents the format of each `cases.json` and of the recipes. Programs in other
languages read the same files.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).absolute().parent
# tests/attacks generates `attacks` and `schemes`. `independent` comes from another implementation of the
# format.
FOLDERS = (HERE / "attacks", HERE / "independent", HERE / "schemes")


@dataclasses.dataclass(frozen=True)
class Case:
    """A bundle, the device that meets it, and the verdict that the device must give.

    `bundle` is None if the file is too large to keep; `recipe` then says how to make it. `subject` is the
    part of the bundle that the verdict is about, where the case fixes it. `experimental_schemes`: the device
    implements the experimental schemes too.
    """

    name: str
    verdict: str
    what: str
    trusted_root: Path
    bundle: Path | None = None
    recipe: Path | None = None
    installed: Path | None = None
    installed_root: Path | None = None
    at: str | None = None
    hardware_id: str | None = None
    subject: str | None = None
    experimental_schemes: bool = False

    def file(self, scratch: Path) -> Path:
        """Returns the bundle's path, after making it in the folder `scratch` if there is only a recipe."""
        if self.bundle is not None:
            return self.bundle
        assert self.recipe is not None
        path = scratch / "huge.bundle"
        path.write_bytes(make(json.loads(self.recipe.read_bytes())))
        return path

    def arguments(self, bundle: Path) -> list[str]:
        """Returns the arguments of `software-update` that judge the bundle on this device."""
        args = ["bundle", "verify", str(bundle), "--json", "--at", self.at or "none"]
        args += ["--trusted-root", str(self.trusted_root)]
        if self.installed is not None:
            args += ["--installed", str(self.installed)]
        if self.installed_root is not None:
            args += ["--installed-root", str(self.installed_root)]
        if self.hardware_id is not None:
            args += ["--hardware-id", self.hardware_id]
        if self.experimental_schemes:
            args.append("--experimental-schemes")
        return args


def load(folder: Path) -> list[Case]:
    """Returns the cases of one folder, in the order of its `cases.json`."""
    document = json.loads((folder / "cases.json").read_bytes())
    return [_case(folder, entry) for entry in document["cases"]]


def _case(folder: Path, entry: dict[str, Any]) -> Case:
    files = ("trusted_root", "bundle", "recipe", "installed", "installed_root")
    return Case(
        **{name: folder / value if name in files else value for name, value in entry.items()}
    )


def make(recipe: dict[str, Any]) -> bytes:
    """Returns the file that a recipe describes. Its length and its SHA-256 are checked."""
    content = b"".join(piece for part in recipe["parts"] for piece in pieces(part))
    found = (len(content), hashlib.sha256(content).hexdigest())
    assert found == (recipe["bytes"], recipe["sha256"]), found
    return content


def pieces(part: dict[str, Any]) -> Iterator[bytes]:
    """Yields the bytes of one part of a recipe."""
    if "template" not in part:
        yield bytes.fromhex(part["hex"]) * part.get("times", 1)
        return
    constants = [bytes.fromhex(each) for each in part["template"]]
    for row in _rows(part):
        for constant, value in zip(constants, [*row, b""], strict=True):
            yield constant + value


def _rows(part: dict[str, Any]) -> Iterator[Sequence[bytes]]:
    if "numbers" in part:
        first, last = part["numbers"]
        yield from ([b"%d" % number] for number in range(first, last + 1))
    else:
        yield from ([bytes.fromhex(value) for value in row] for row in part["rows"])
