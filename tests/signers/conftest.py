"""Fixtures for the tests of the clouds' key management services."""

from __future__ import annotations

from pathlib import Path

import pytest
from software_update.testing import workspace

from tests.signers.kms import REQUEST


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a request and public keys, which is the current one; no credentials, no proxy."""
    folder = workspace.make(tmp_path)
    (folder / "request").write_bytes(REQUEST)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    return folder
