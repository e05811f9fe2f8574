"""Tests of digest.py."""

import hashlib
from pathlib import Path

import pytest

from software_update.format.digest_record import read_record
from software_update.format.messages import Target
from software_update.steps.digest import record_of
from software_update.testing import workspace
from software_update.testing.workspace import APP, BOOT


def test_record_has_the_digest_of_each_file_under_its_name(tmp_path: Path) -> None:
    folder = workspace.make(tmp_path)
    record = record_of([("z", f"{folder}/app.bin"), ("a", f"{folder}/boot.bin")])
    assert read_record("r", record) == [
        Target.of("a", len(BOOT), hashlib.sha256(BOOT).digest()),
        Target.of("z", len(APP), hashlib.sha256(APP).digest()),
    ]


def test_record_of_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        record_of([("a", f"{tmp_path}/absent")])
