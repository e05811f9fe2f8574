"""docs/guides/getting_started.md, done as it says by a reader who has Bazel."""

from pathlib import Path

import pytest

from tests.nested.reader import follow


def test_getting_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    follow(Path("docs/guides/getting_started.md"), tmp_path, monkeypatch)
