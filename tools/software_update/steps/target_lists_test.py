"""Tests of target_lists.py."""

import json
from pathlib import Path

import pytest

from software_update.base.errors import InputError
from software_update.steps.target_lists import read_collected, read_targets_from

APP = {"name": "app", "file": "app.bin"}


@pytest.fixture
def list_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a list, in another folder than the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists").mkdir()
    return Path("lists/list.json")


def test_files_of_a_list_are_next_to_it(list_file: Path) -> None:
    list_file.write_text(json.dumps({"targets": [APP, {"name": "b", "file": "/b.bin"}]}))
    assert read_targets_from(str(list_file)) == [("app", "lists/app.bin"), ("b", "/b.bin")]


def test_collected_files_are_in_the_current_folder_and_unique(list_file: Path) -> None:
    list_file.write_text(json.dumps([APP, {"name": "b", "file": "b"}, APP]))
    assert read_collected(str(list_file)) == [("app", "app.bin"), ("b", "b")]


def test_error_about_a_missing_file_names_the_label_to_change(list_file: Path) -> None:
    list_file.write_text(json.dumps([APP | {"label": "//a:app"}]))
    with pytest.raises(InputError, match=r"^app\.bin: no such file; .* in the deps of //a:app$"):
        read_collected(str(list_file))
    Path("app.bin").touch()
    assert read_collected(str(list_file)) == [("app", "app.bin")]


def test_rejects_other_json(list_file: Path) -> None:
    list_file.write_text(json.dumps([{"name": "app", "file": ""}]))
    with pytest.raises(InputError, match=r"list\.json: not of the form \["):
        read_collected(str(list_file))
    with pytest.raises(InputError, match=r'list\.json: not of the form \{"targets"'):
        read_targets_from(str(list_file))
