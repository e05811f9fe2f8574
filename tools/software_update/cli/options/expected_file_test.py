"""Tests of files that a test compares with a result."""

from pathlib import Path

import pytest

from software_update.base.errors import DifferentError, UsageError
from software_update.cli.options.expected_file import check_expected, in_workspace


def test_difference_is_printed_and_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "table"
    path.write_text("same\nold\n")
    words = {"name": "now", "what": "is true", "renew_with": "make"}
    check_expected(str(path), "same\nold\n", **words)
    with pytest.raises(DifferentError, match=r"differs from what is true; .* renew it with: make$"):
        check_expected(str(path), "same\nnew\n", **words)
    assert capsys.readouterr().out == f"--- {path}\n+++ now\n@@ -2 +2 @@\n-old\n+new\n"


def test_source_file_is_for_bazel_run_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILD_WORKSPACE_DIRECTORY", "/tree")
    assert in_workspace("a/b") == "/tree/a/b"
    monkeypatch.delenv("BUILD_WORKSPACE_DIRECTORY")
    with pytest.raises(UsageError, match="only for bazel run"):
        in_workspace("a/b")
