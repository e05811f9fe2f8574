"""Tests that `gn gen` agrees with tests/vectors on target names and on the highest version.

GN itself reads names.json. It cannot read limits.json, because its JSON has no integers above 2**31 - 1.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from gn_tree import IMPORT, Tree

_FILES = {Path(path).name: Path(path) for path in os.environ["VALUES"].split()}
_NAMES: dict[str, Any] = json.loads(_FILES["names.json"].read_bytes())
_LIMITS: dict[str, Any] = json.loads(_FILES["limits.json"].read_bytes())["limits"]
_LONGEST, _HIGHEST = (_LIMITS[name]["value"] for name in ("MAX_NAME_BYTES", "MAX_VERSION"))

# Makes a bundle of the names that `check` and `index` choose in names.json.
_BUILD = f"""\
{IMPORT}
declare_args() {{
  check = "valid"
  index = 0
  version_to_check = 1
}}

_json = read_file("//names.json", "json")
not_needed([ "_json" ])
_names = []
if (check == "valid") {{
  _names = _json.valid
}} else if (check == "invalid") {{
  _list = _json.invalid
  _case = _list[index]
  _names = [ _case.name ]
}} else if (check == "reserved") {{
  _list = _json.reserved
  _names = [ _list[index] ]
}} else if (check == "clashes") {{
  _list = _json.clashes
  _case = _list[index]
  _names = _case.names
}} else if (check == "version") {{
  _names = [ "app" ]
}}

software_update_bundle("bundle") {{
  version = version_to_check
  targets = []
  foreach(_name, _names) {{
    targets += [
      {{
        name = _name
        file = "boot.bin"
      }},
    ]
  }}
}}
"""
# How the message on a name begins, by the problem that the name has.
_PROBLEMS = {
    "character": "write only A-Z a-z 0-9",
    "dot_part": "has an empty, . or .. part",
    "empty": "the name of a target is empty",
    "empty_part": "has an empty, . or .. part",
    "too_long": f"has {_LONGEST + 1} characters; write at most {_LONGEST}",
}


@pytest.fixture(name="product")
def product_fixture(tree: Tree) -> Tree:
    """A tree whose bundle has names of names.json."""
    tree.write({"BUILD.gn": _BUILD, "names.json": _FILES["names.json"].read_bytes()})
    return tree


def message(tree: Tree, check: str, index: int = 0, version: int = 1) -> str | None:
    """Returns what an assert says, or None if `gn gen` succeeds."""
    tree.set_args(f'check = "{check}"\nindex = {index}\nversion_to_check = {version}\n')
    done = tree.run_gn("gen", "out")
    if done.returncode == 0:
        return None
    found = re.search(r"Assertion failed.*?\n//:bundle: (.*?)\nSee ", done.stdout, re.DOTALL)
    assert found, done.stdout
    return found[1]


def test_valid_names(product: Tree) -> None:
    assert message(product, "valid") is None


def test_invalid_names(product: Tree) -> None:
    for index, case in enumerate(_NAMES["invalid"]):
        said = message(product, "invalid", index)
        assert said is not None, case
        # GN prints a message only up to a NUL.
        fits = any(_PROBLEMS[problem] in said for problem in case["problems"])
        assert fits or "\0" in case["name"], (case, said)


def test_reserved_names(product: Tree) -> None:
    for index, name in enumerate(_NAMES["reserved"]):
        said = message(product, "reserved", index)
        assert said is not None, name
        assert "is reserved" in said


def test_clashes(product: Tree) -> None:
    for index, case in enumerate(_NAMES["clashes"]):
        if case["names"]:
            said = message(product, "clashes", index)
            second = case["clash"][1] if case["clash"] else None
            assert (said is None) == (second is None), case
            assert said is None or said.startswith(f"two targets are named '{second}', or differ")


def test_the_highest_version(product: Tree) -> None:
    assert message(product, "version", version=_HIGHEST) is None
    said = message(product, "version", version=_HIGHEST + 1)
    assert said is not None
    assert f"write an integer from 1 to {_HIGHEST}," in said
