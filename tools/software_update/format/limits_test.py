"""Tests that the code and tests/vectors/limits.json have the same limits."""

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from software_update.format import limits
from software_update.keys.scheme import Scheme
from software_update.keys.schemes import ALL_SCHEMES
from software_update.testing.tree import VECTORS

_JSON: dict[str, dict[str, Any]] = json.loads((VECTORS / "limits.json").read_bytes())
_PACKAGE = Path(__file__).absolute().parents[1]
# The packages and modules that decide which bundles a device accepts.
_SOURCES = ("base/strict_json.py", "bundle/*.py", "format/*.py", "verify/*.py")
# These limit repositories and claims, and the verifier reads neither.
_OF_OTHERS = ("catalog.py", "claims.py", "rollout.py")


def limits_of_the_code() -> dict[str, int]:
    """Returns the public limits that the sources define, with their values."""
    found: dict[str, int] = {}
    for path in [path for pattern in _SOURCES for path in sorted(_PACKAGE.glob(pattern))]:
        names = re.findall(r"^((?:PIGWEED_)?MAX_[A-Z_]+) = ", path.read_text(), re.MULTILINE)
        if path.name.endswith("_test.py") or path.name in _OF_OTHERS:
            continue
        if names:
            module = path.relative_to(_PACKAGE).with_suffix("").as_posix().replace("/", ".")
            values = vars(importlib.import_module(f"software_update.{module}"))
            found |= {name: values[name] for name in names if type(values[name]) is int}
    return found


def test_limits() -> None:
    """A limit that is only in one of the two would be untested in other languages, or untrue."""
    assert {name: each["value"] for name, each in _JSON["limits"].items()} == limits_of_the_code()


def test_limits_of_fields() -> None:
    fields = _JSON["fields"]
    counts = {name: each["count"] for name, each in fields.items() if "count" in each}
    lengths = {name: each["bytes"] for name, each in fields.items() if "bytes" in each}
    assert (counts, lengths) == (limits.MAX_COUNTS, limits.MAX_LENGTHS)
    assert all({"count", "bytes"} >= each.keys() for each in fields.values())


def test_every_limit_has_a_unit() -> None:
    for name, each in _JSON["limits"].items():
        assert each.keys() == {"value", "unit", "of"}, name
        assert each["unit"] and each["of"], name
        assert (each["unit"] == "bytes") == name.endswith("_BYTES"), name


@pytest.mark.parametrize("scheme", ALL_SCHEMES.accepted, ids=lambda each: each.name)
def test_limits_admit_every_signature_scheme(scheme: Scheme) -> None:
    assert scheme.keyval_bytes <= limits.MAX_LENGTHS["Key.keyval"]
    assert scheme.signature_bytes <= limits.MAX_LENGTHS["Signature.sig"]
    # The largest root: each key with its id and role, each signature with its key id.
    keys = limits.MAX_KEYS * (scheme.keyval_bytes + 100)
    signatures = limits.MAX_SIGNATURES * (scheme.signature_bytes + 50)
    assert keys + signatures < limits.MAX_ROOT_METADATA_BYTES
