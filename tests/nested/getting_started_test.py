"""docs/guides/getting_started.md and then versions.md, done as they say by a reader who has Bazel and git."""

from pathlib import Path

import pytest

from tests.nested.reader import follow

_PAGES = [Path("docs/guides/getting_started.md"), Path("docs/guides/versions.md")]


def test_getting_started_and_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(_PAGES, tmp_path, monkeypatch)
