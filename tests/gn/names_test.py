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
_lists = []
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
}} else if (check == "lists") {{
  _names = [ "app" ]
  _allowed = _json.allowed_targets
  _lists = _allowed.valid
}} else if (check == "bad_lists") {{
  _names = [ "app" ]
  _allowed = _json.allowed_targets
  _list = _allowed.invalid
  _case = _list[index]
  _lists = [ _case.entries ]
}}

_root = 0
not_needed([ "_root" ])
foreach(_list, _lists) {{
  if (_list != []) {{
    _root += 1
    software_update_root("root_$_root") {{
      version = 1
      root_keys = [ "root.pub" ]
      targets_keys = [ "targets.pub" ]
      allowed_targets = _list
    }}
  }}
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
_ALLOWED: dict[str, Any] = _NAMES["allowed_targets"]
# A part of the message on a list of allowed targets, by the problem that the list has.
_ALLOWED_PROBLEMS = {
    "name": (
        "write only A-Z a-z 0-9",
        "has an empty, . or .. part",
        "is empty; write a name",
        "write a name before the /*",
    ),
    "star": ("write a * only in a /* at the end",),
    "too_long": ("has 65 characters; write at most 64", "has 63 characters; write at most 62"),
    "too_many": ("has 17 entries; write at most 16",),
    "twice": ("appears twice; write it once",),
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
    found = re.search(r"Assertion failed.*?\n//:\w+: (.*?)\nSee ", done.stdout, re.DOTALL)
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


def test_lists_of_allowed_targets(product: Tree) -> None:
    assert message(product, "lists") is None
    for index, case in enumerate(_ALLOWED["invalid"]):
        said = message(product, "bad_lists", index)
        assert said is not None, case
        fits = any(part in said for part in _ALLOWED_PROBLEMS[case["problem"]])
        # GN prints a message only up to a NUL.
        assert fits or "\0" in "".join(case["entries"]), (case, said)


def test_the_highest_version(product: Tree) -> None:
    assert message(product, "version", version=_HIGHEST) is None
    said = message(product, "version", version=_HIGHEST + 1)
    assert said is not None
    assert f"write an integer from 1 to {_HIGHEST}," in said
