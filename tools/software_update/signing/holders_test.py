"""Tests of holders.py."""

import json
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.signing import holders
from software_update.testing.signers import ROOT_KEY, TARGETS_KEY, key_id

NAMES = {key_id(ROOT_KEY): "quality", key_id(TARGETS_KEY): "release manager"}


def test_named() -> None:
    known, unknown = key_id(TARGETS_KEY), key_id(ROOT_KEY)
    names = {known: "release manager"}
    assert holders.named(known, names) == f"release manager ({known.hex()[:16]})"
    assert holders.named_in_full(known, names) == f"release manager ({known.hex()})"
    assert holders.named(unknown, names) == unknown.hex()[:16]
    assert holders.named_in_full(unknown, names) == unknown.hex()


@pytest.mark.parametrize("name", ["a", "release manager", "Anna (Berlin)", "x" * 64])
def test_valid_names(name: str) -> None:
    assert holders.name_problem(name) is None


@pytest.mark.parametrize(
    "name", ["", " ", " a", "a ", "a\n", "a\nb", "a\x1b[2J", "x" * 65, "J\xfcrgen", "a\u202eb"]
)
def test_names_that_are_not_valid(name: str) -> None:
    problem = holders.name_problem(name)
    assert problem is not None
    assert problem.startswith("write 1 to 64 printable ASCII characters")
    with pytest.raises(ValueError, match="not a name"):
        holders.parse_names([{"key_id": key_id(ROOT_KEY).hex(), "name": name}])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("keys/release_1.pub", "release_1.pub"),
        ("release_1.pub", "release_1.pub"),
        ("keys/J\xfcrgen.pub", "J\\xfcrgen.pub"),
        ("keys/" + "x" * 99, "x" * 64),
        ("keys/ ", "key"),
    ],
)
def test_default_name_is_valid(path: str, name: str) -> None:
    assert holders.default_name(path) == name
    assert holders.name_problem(name) is None


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "root.holders.json"
    path.write_bytes(holders.build(NAMES))
    assert holders.read(str(path)) == NAMES
    # In an order that does not depend on that of the names.
    assert holders.build(dict(reversed(NAMES.items()))) == path.read_bytes()


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        {"schema": holders.SCHEMA},
        {"schema": holders.SCHEMA, "holders": {}},
        {"schema": holders.SCHEMA, "holders": [1]},
        {"schema": holders.SCHEMA, "holders": [{"key_id": "0" * 64}]},
        {"schema": holders.SCHEMA, "holders": [{"key_id": "00", "name": "a"}]},
        {"schema": holders.SCHEMA, "holders": [{"key_id": 1, "name": "a"}]},
        {"schema": holders.SCHEMA, "holders": [{"key_id": "0" * 64, "name": 1}]},
        {"schema": holders.SCHEMA, "holders": [{"key_id": "0" * 64, "name": "a\n"}]},
        {"schema": holders.SCHEMA, "holders": 2 * [{"key_id": "0" * 64, "name": "a"}]},
        {"schema": "software_update.root.v1", "holders": []},
    ],
)
def test_other_files(tmp_path: Path, document: object) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    with pytest.raises(InputError) as error:
        holders.read(str(path))
    assert str(error.value) == (
        f"{path}: not a file of holders (software_update.holders.v1); name another file"
    )
