"""Tests of collected_roots.py."""

import json
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.steps.collected_roots import check_first_root, read_collected_roots
from software_update.testing import encode as e


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, version in (("a", 10), ("b", 9), ("c", 11)):
        (tmp_path / name).write_bytes(e.signed(e.root(version)))


def write(*entries: object) -> str:
    Path("list.json").write_text(json.dumps(entries))
    return "list.json"


def test_roots_are_sorted_by_version() -> None:
    files = [{"file": name} for name in ("a", "b", "c")]
    assert read_collected_roots(write(*files)) == ["b", "a", "c"]
    assert read_collected_roots(write()) == []


def test_rejects_a_root_that_comes_after_an_unknown_one() -> None:
    unknown = {"label": "//:root", "previous": "old.pb"}
    with pytest.raises(InputError, match=r"^//:root: previous is a file, old\.pb, so the build"):
        read_collected_roots(write({"file": "a"}, unknown))


@pytest.mark.parametrize("entry", [{}, {"file": ""}, {"file": 1}, "a"])
def test_rejects_other_json(entry: object) -> None:
    with pytest.raises(InputError, match=r"^list\.json: not of the form"):
        read_collected_roots(write(entry))


def test_rejects_a_later_root_as_the_first() -> None:
    Path("first").write_bytes(e.signed(e.root(1)))
    check_first_root("first")
    with pytest.raises(InputError, match=r"^b: previous is this file, of version 9, so the build"):
        check_first_root("b")
