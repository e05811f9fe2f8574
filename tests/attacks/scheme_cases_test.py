"""Tests that the kept cases of experimental schemes are those of the generator."""

from __future__ import annotations

from pathlib import Path

import pytest
from software_update.keys.schemes import ALL_SCHEMES, DEFAULT_SCHEMES

from tests.attacks import scheme_cases
from tests.attacks.scheme_cases import FOLDER, Made

MADE = scheme_cases.cases()


def test_no_file_is_missing_or_left_over() -> None:
    made = scheme_cases.files(MADE)
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(made)
    same = [name for name in made if not name.endswith(".bundle")]
    assert [name for name in same if (FOLDER / name).read_bytes() != made[name]] == []


@pytest.mark.parametrize("case", MADE, ids=[case.name for case in MADE])
def test_bundle_differs_only_in_signatures(case: Made) -> None:
    assert case.is_kept()


def test_ml_dsa_signatures_are_masked_and_differ() -> None:
    (case,) = (each for each in MADE if each.name == "ml_dsa_44_good")
    assert [end - start for start, end in case.signatures] == [2420, 2420]
    assert (FOLDER / "ml_dsa_44_good.bundle").read_bytes() != case.bundle


def test_a_run_keeps_files_and_replaces_other_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    changed = "ml_dsa_44_good.bundle"
    for name, content in before.items():
        (tmp_path / name).write_bytes(content[:-1] + b"?" if name == changed else content)
    (tmp_path / "left_over").touch()
    monkeypatch.setattr(scheme_cases, "FOLDER", tmp_path)
    scheme_cases.main()
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (made,) = (each for each in MADE if each.name == "ml_dsa_44_good")
    assert made.masked(after.pop(changed)) == made.masked(before.pop(changed))
    assert after == before


def test_every_experimental_scheme_has_cases() -> None:
    numbers = {(each.key_type, each.number) for each in scheme_cases.SCHEMES}
    experimental = set(ALL_SCHEMES.accepted) - set(DEFAULT_SCHEMES.accepted)
    assert numbers == {(each.key_type, each.number) for each in experimental}
