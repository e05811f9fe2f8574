"""Tests of step digest."""

import hashlib
import json
from pathlib import Path

import pytest

from software_update.testing import workspace
from software_update.testing.command import (
    done,
)
from software_update.testing.workspace import (
    APP,
    BOOT,
    check_fails,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace.make(tmp_path)


def test_digest_step_never_replaces_an_input(folder: Path) -> None:
    args = ["step", "digest", "--target", f"app={folder}/app.bin", "-o", f"{folder}/app.bin"]
    check_fails(folder, 2, "the output would replace the input", *args)


def test_digest_step(folder: Path) -> None:
    args = ["--target", f"b={folder}/boot.bin", "--user-manifest", f"{folder}/app.bin"]
    done("step", "digest", *args, "-o", folder / "record")
    assert json.loads((folder / "record").read_bytes()) == {
        "schema": "software_update.digests.v1",
        "targets": [
            {"name": "b", "length": len(BOOT), "sha256": hashlib.sha256(BOOT).hexdigest()},
            {
                "name": "user_manifest",
                "length": len(APP),
                "sha256": hashlib.sha256(APP).hexdigest(),
            },
        ],
    }
