"""Writes sources.mk, the list of files for make, from sources.bzl, the one for Bazel and GN."""

from __future__ import annotations

import ast
import os
from pathlib import Path

UPDATE = "./bazelw run //device:update_sources_mk"

_HEAD = f"""\
# The files of the device library, part by part, for make. {UPDATE} writes this file.
#
# Set SOFTWARE_UPDATE_DEVICE to this folder, then include this file. Compile the sources as C++17, with
# $(SOFTWARE_UPDATE_INCLUDES). For p256-m, see crypto/README.md.

SOFTWARE_UPDATE_INCLUDES := -I$(SOFTWARE_UPDATE_DEVICE) -I$(SOFTWARE_UPDATE_DEVICE)/include
"""


def parse(sources_bzl: str) -> dict[str, list[str]]:
    """The lists of files by name."""
    lists: dict[str, list[str]] = {}
    for statement in ast.parse(sources_bzl).body:
        assert isinstance(statement, ast.Assign), ast.unparse(statement)
        (name,) = statement.targets
        assert isinstance(name, ast.Name), ast.unparse(statement)
        lists[name.id] = ast.literal_eval(statement.value)
    return lists


def render(lists: dict[str, list[str]]) -> str:
    """The text of sources.mk: only files that are compiled."""
    text = _HEAD
    for name, files in lists.items():
        compiled = [file for file in files if file.endswith((".cc", ".c"))]
        if compiled:
            lines = "".join(f" \\\n  $(SOFTWARE_UPDATE_DEVICE)/{file}" for file in compiled)
            text += f"\nSOFTWARE_UPDATE_{name} :={lines}\n"
    return text


if __name__ == "__main__":
    folder = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"], "device")
    (folder / "sources.mk").write_text(render(parse((folder / "sources.bzl").read_text())))
