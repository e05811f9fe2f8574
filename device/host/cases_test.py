"""Tests that the device library gives the same verdicts as the Python verifier on all cases."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from software_update.base.dates import parse_date
from software_update.format import metadata

from device.host.verify import Answer, Library
from tests.vectors import cases

CASES = [case for folder in cases.FOLDERS for case in cases.load(folder) if not case.experimental_schemes]


@pytest.fixture(scope="session")
def library() -> Library:
    return Library(os.environ["LIBRARY"])


def answer(library: Library, case: cases.Case, bundle: bytes, chunk: int) -> Answer:
    installed = case.installed and metadata.parse_manifest(case.installed.read_bytes())
    root = case.installed_root and metadata.parse_signed_root(case.installed_root.read_bytes())[1]
    return library.verify(
        bundle,
        case.trusted_root.read_bytes(),
        installed,
        root,
        hardware_id=case.hardware_id,
        at=None if case.at is None else parse_date(case.at, "at"),
        chunk=chunk,
    )


@pytest.mark.parametrize("chunk", [0, 1, 7, 64])
def test_same_verdicts(library: Library, chunk: int, tmp_path: Path) -> None:
    wrong = []
    for case in CASES:
        if case.recipe and chunk:
            continue
        found = answer(library, case, case.file(tmp_path).read_bytes(), chunk).name
        if found != case.verdict:
            wrong.append((case.name, case.verdict, found))
    assert wrong == []
