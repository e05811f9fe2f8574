"""docs/guides/getting_started.md and then versions.md, done as they say by a reader who has Bazel and git."""

import os
from pathlib import Path

import pytest

from tests.nested.reader import follow

_PAGES = [Path("docs/guides/getting_started.md"), Path("docs/guides/versions.md")]
_GIT = {
    "GIT_AUTHOR_EMAIL": "reader@example.com",
    "GIT_AUTHOR_NAME": "Reader",
    "GIT_COMMITTER_EMAIL": "reader@example.com",
    "GIT_COMMITTER_NAME": "Reader",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def test_getting_started_and_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _GIT.items():
        monkeypatch.setenv(name, value)
    follow(_PAGES, tmp_path, monkeypatch)
