"""Tests of targets.py."""

from pathlib import Path

import pytest

from software_update.base.errors import UsageError
from software_update.format.digest_record import write_record
from software_update.format.messages import Target
from software_update.steps import targets
from software_update.steps.targets import read_records

SHA256 = bytes(range(32))


def record(folder: Path, name: str, *names: str) -> str:
    path = folder / name
    path.write_bytes(write_record((each, 5, SHA256) for each in names))
    return str(path)


def test_targets_of_all_records(tmp_path: Path) -> None:
    paths = [record(tmp_path, "one", "b", "a"), record(tmp_path, "two", "c")]
    assert read_records(paths) == [Target.of(name, 5, SHA256) for name in "abc"]


def test_one_name_in_two_records_is_rejected(tmp_path: Path) -> None:
    paths = [record(tmp_path, "one", "app"), record(tmp_path, "two", "App")]
    with pytest.raises(UsageError, match=rf"^two targets 'app' \({paths[0]}\) and 'App' \("):
        read_records(paths)


def test_records_without_a_target_are_rejected(tmp_path: Path) -> None:
    path = record(tmp_path, "none")
    with pytest.raises(UsageError, match=rf"^{path}: 0 targets, and none was collected; "):
        read_records([path])


def test_more_targets_than_a_bundle_can_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "MAX_TARGETS", 2)
    paths = [record(tmp_path, "one", "a", "b"), record(tmp_path, "two", "c")]
    assert len(read_records(paths[:1])) == 2
    with pytest.raises(UsageError, match=r"^3 targets; a bundle has at most 2; make several$"):
        read_records(paths)


def test_no_targets_next_to_those_of_an_earlier_release(tmp_path: Path) -> None:
    assert read_records([record(tmp_path, "none")], may_be_empty=True) == []
